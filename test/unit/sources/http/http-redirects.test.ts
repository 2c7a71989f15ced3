import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OverLimit, PrivateAddress, SourceRefused } from '../../../../src/domain/errors.ts';
import { createHttpClient } from '../../../../src/sources/http/http-client.ts';
import { startOrigin, type Handler, type Origin } from '../../../support/servers/origin.ts';
import { request } from './http-requests.ts';

const client = createHttpClient('daybook/test');
const signal = new AbortController().signal;
const headers = { Authorization: 'Bearer secret', 'X-Api-Key': 'key', Cookie: 'session=1' };
let origin: Origin;
let other: Origin;
beforeAll(async () => {
  [origin, other] = [await startOrigin(), await startOrigin()];
});
afterAll(async () => {
  await client.close();
  await Promise.all([origin.close(), other.close()]);
});

const get = (fields = {}) =>
  client.send(request(`${origin.url}/first`, { own: { origin: origin.url, headers }, ...fields }), signal);
const failureOf = (fields = {}) =>
  get(fields).then(
    () => null,
    (error: unknown) => error as Error,
  );
const redirect =
  (location: string, status = 302): Handler =>
  (_url, response) =>
    void response.writeHead(status, { location }).end('moved');

/** Redirects `/first` there, and answers everything else. */
const firstTo =
  (location: string, status = 302): Handler =>
  (url, response, incoming) =>
    url.pathname === '/first'
      ? redirect(location, status)(url, response, incoming)
      : void response.end(`at ${url.pathname}`);

const secretsSent = (to: Origin) =>
  ['authorization', 'x-api-key', 'cookie'].filter((name) => to.lastHeaders()[name] !== undefined);

describe('a redirect', () => {
  test.each([301, 302, 303, 307, 308])('by %i is followed on the same origin, headers and all', async (status) => {
    origin.answer(firstTo('second?a=b', status));
    expect((await get()).body.toString()).toBe('at /second');
    expect(origin.requests.at(-1)).toBe('/second?a=b');
    expect(secretsSent(origin)).toHaveLength(3);
  });

  test('to another origin drops the configured headers', async () => {
    origin.answer(firstTo(`${other.url}/there`));
    other.answer((_url, response) => void response.end('there'));
    expect((await get()).body.toString()).toBe('there');
    expect(secretsSent(other)).toEqual([]);
    expect(other.lastHeaders()['user-agent']).toBe('daybook/test');
  });

  test('with an endless body is still followed', async () => {
    origin.answer((url, response) => {
      if (url.pathname !== '/first') return void response.end('there');
      response.writeHead(302, { location: '/second' });
      response.write('moved');
    });
    expect((await get({ timeoutMs: 2_000 })).body.toString()).toBe('there');
  });

  test('within another origin does not bring the headers back', async () => {
    origin.answer(firstTo(`${other.url}/first`));
    other.answer(firstTo('/second'));
    expect((await get()).body.toString()).toBe('at /second');
    expect(secretsSent(other)).toEqual([]);
  });

  test('back from another origin does not bring the headers back', async () => {
    origin.answer(firstTo(`${other.url}/there`));
    other.answer(redirect(`${origin.url}/back`));
    expect((await get()).body.toString()).toBe('at /back');
    expect(secretsSent(origin)).toEqual([]);
  });

  test('to the same host by another name is one to another origin', async () => {
    origin.answer(firstTo(`${origin.url.replace('127.0.0.1', 'localhost')}/there`));
    expect((await get()).body.toString()).toBe('at /there');
    expect(secretsSent(origin)).toEqual([]);
  });

  test('is followed ten times, not eleven', async () => {
    let hops = 0;
    origin.answer((_url, response) => {
      if (hops++ < 10) response.writeHead(302, { location: `/${hops}` }).end();
      else response.end('arrived');
    });
    expect((await get()).body.toString()).toBe('arrived');
    const before = origin.requests.length;
    origin.answer(redirect('/first'));
    expect(await failureOf()).toBeInstanceOf(OverLimit);
    expect(origin.requests.length - before).toBe(11);
  });

  test.each(['file:///etc/passwd', 'ftp://127.0.0.1/x', 'javascript:alert(1)', 'data:,x', 'http://[bad', 'http://'])(
    'to %s is refused',
    async (location) => {
      origin.answer(redirect(location));
      expect(await failureOf()).toBeInstanceOf(SourceRefused);
    },
  );

  test.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:169.254.169.254]/',
    'http://2852039166/',
    'http://[fe80::1]/',
    'http://[64:ff9b::a9fe:a9fe]/',
  ])('to the link-local %s is refused, whatever is allowed', async (location) => {
    origin.answer(redirect(location));
    const error = await failureOf({ timeoutMs: 2_000 });
    expect(error).toBeInstanceOf(PrivateAddress);
    expect(error?.message).toContain('link-local');
  });

  test('without a location is a response like any other', async () => {
    origin.answer((_url, response) => void response.writeHead(302).end('where to?'));
    expect(await get()).toMatchObject({ status: 302, body: Buffer.from('where to?') });
  });

  test('with a large body is followed without reading it all', async () => {
    let sent = 0;
    origin.answer((url, response) => {
      if (url.pathname !== '/first') return void response.end('arrived');
      response.writeHead(302, { location: '/second' });
      const fill = () => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024))) sent += 64 * 1024;
      };
      response.on('drain', fill);
      fill();
    });
    expect((await get()).body.toString()).toBe('arrived');
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });
});
