import { request } from 'node:http';
import { defaultPayloadConverter } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPayloadCodec } from '../../../../../src/temporal/codec/payload-codec.ts';
import { serveCodec } from '../../../../../src/worker/http/codec/codec-endpoint.ts';
import { toWire } from '../../../../../src/worker/http/codec/wire-payload.ts';
import type { HttpEndpoint } from '../../../../../src/worker/http/endpoint.ts';

const ui = 'https://temporal.example.com';
const codec = createPayloadCodec([{ id: 'k1', bytes: Buffer.alloc(32, 1) }]);
const lost = createPayloadCodec([{ id: 'k0', bytes: Buffer.alloc(32, 1) }]);
const value = { source: 'quakes' };
let endpoint: HttpEndpoint;

beforeAll(async () => {
  endpoint = await serveCodec({ host: '127.0.0.1', port: 0 }, codec, [ui]);
});
afterAll(() => endpoint.close());

interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** `fetch` sets neither Host nor Origin. */
async function ask({ path = '/decode', method = 'POST', headers = {}, body = '' }: Asked) {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port: endpoint.port,
        path,
        method,
        headers: { 'content-type': 'application/json', ...headers },
      },
      (response) => {
        let text = '';
        response.on('data', (part: Buffer) => (text += part.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

const encoded = async (by = codec) =>
  JSON.stringify(toWire(await by.encode([defaultPayloadConverter.toPayload(value)])));
const dataOf = (text: string) => {
  const { payloads } = JSON.parse(text) as { payloads: { data: string }[] };
  return payloads.map(({ data }) => Buffer.from(data, 'base64').toString());
};

describe('the codec server', () => {
  test('decrypts for the Web UI, which may read the answer', async () => {
    const { status, headers, text } = await ask({ headers: { origin: ui }, body: await encoded() });
    expect(status).toBe(200);
    expect(dataOf(text)).toEqual([JSON.stringify(value)]);
    expect(headers['access-control-allow-origin']).toBe(ui);
    expect(headers['cache-control']).toBe('no-store');
  });

  test('allows what a browser asks before', async () => {
    const asked = {
      origin: ui,
      'access-control-request-method': 'POST',
      'access-control-request-private-network': 'true',
    };
    const { status, headers } = await ask({ method: 'OPTIONS', headers: asked });
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': ui,
      'access-control-allow-methods': 'POST, OPTIONS',
      'access-control-allow-headers': expect.stringContaining('x-namespace') as string,
      'access-control-allow-private-network': 'true',
    });
  });

  test('encrypts, and decrypts what it has encrypted, for the Temporal CLI, which has no origin', async () => {
    const plain = JSON.stringify(toWire([defaultPayloadConverter.toPayload(value)]));
    const { text: encrypted } = await ask({ path: '/encode', body: plain });
    expect(dataOf(encrypted).join()).not.toContain('quakes');
    const { text } = await ask({ body: encrypted });
    expect(dataOf(text)).toEqual([JSON.stringify(value)]);
  });

  test.each<[string, number, Asked]>([
    ['a page of another origin', 403, { headers: { origin: 'https://evil.example.com' } }],
    ['a preflight of another origin', 403, { method: 'OPTIONS', headers: { origin: 'https://evil.example.com' } }],
    ['a name that leads here', 421, { headers: { host: 'evil.example.com' } }],
    ['a type that needs no preflight', 415, { headers: { 'content-type': 'text/plain' } }],
    ['GET', 405, { method: 'GET' }],
    ['another path', 404, { path: '/' }],
    ['what is not JSON', 400, { body: '{' }],
    ['what is no list of payloads', 400, { body: '{"payloads": [1]}' }],
    ['a body without end', 413, { body: ' '.repeat(9 * 1024 * 1024) }],
    ['thousands of empty payloads', 413, { body: `{"payloads":[${'{},'.repeat(10_000)}{}]}` }],
  ])('refuses %s', async (_, expected, asked) => {
    const { status, text, headers } = await ask({ ...asked, body: asked.body ?? (await encoded()) });
    expect(status).toBe(expected);
    expect(text).toContain('"error":');
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  test('reads bodies of 32 MiB together, and more once these are read', async () => {
    const begun = Array.from({ length: 5 }, () =>
      request({
        host: '127.0.0.1',
        port: endpoint.port,
        path: '/decode',
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      }),
    );
    const statuses = begun.map(
      (asked) =>
        new Promise<number>((resolve) => {
          asked.on('response', (response) => resolve(response.resume().statusCode ?? 0));
          asked.on('error', () => resolve(0));
        }),
    );
    for (const asked of begun) asked.write(' '.repeat(7 * 1024 * 1024));
    expect(await Promise.race(statuses)).toBe(503);
    for (const asked of begun) asked.end('{"payloads":[]}');
    expect((await Promise.all(statuses)).toSorted((a, b) => a - b)).toEqual([200, 200, 200, 200, 503]);
    expect((await ask({ body: await encoded() })).status).toBe(200);
  });

  test('names the key that it does not have', async () => {
    const { status, text } = await ask({ body: await encoded(lost) });
    expect(status).toBe(400);
    expect(text).toContain(String.raw`the key \"k0\"`);
  });
});
