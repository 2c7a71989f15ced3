import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PrivateAddress } from '../../../../src/domain/errors.ts';
import { createHttpClient } from '../../../../src/sources/http/http-client.ts';
import { startOrigin, type Origin } from '../../../support/servers/origin.ts';
import { request } from './http-requests.ts';

const client = createHttpClient('daybook/test');
const signal = new AbortController().signal;
let origin: Origin;
let port: string;
beforeAll(async () => {
  origin = await startOrigin();
  port = new URL(origin.url).port;
});
afterAll(async () => {
  await client.close();
  await origin.close();
});

const get = (host: string, allowPrivate: boolean) =>
  client.send(request(`http://${host}:${port}/`, { allowPrivate, timeoutMs: 2_000 }), signal);

describe('a source that does not allow private addresses', () => {
  test.each([
    ['127.0.0.1', 'a literal'],
    ['127.1', 'a short literal'],
    ['2130706433', 'a decimal number'],
    ['0x7f.0.0.1', 'hexadecimal'],
    ['0177.0.0.1', 'octal'],
    ['0.0.0.0', 'the unspecified address'],
    ['[::1]', 'IPv6 loopback'],
    ['[::ffff:127.0.0.1]', 'IPv4 mapped into IPv6'],
    ['[64:ff9b::7f00:1]', 'NAT64'],
    ['10.1.2.3', 'a private network'],
    ['169.254.169.254', 'a link-local address'],
    ['localhost', 'a name that resolves to loopback'],
  ])('does not reach %s: %s', async (host) => {
    const error = await get(host, false).then(
      () => null,
      (failure: unknown) => failure as Error,
    );
    expect(error).toBeInstanceOf(PrivateAddress);
    expect(error?.message).toContain('allow_private');
    expect(origin.requests).toEqual([]);
  });

  test('does not reach one over a connection that another source opened', async () => {
    await get('localhost', true);
    const sent = origin.requests.length;
    await expect(get('localhost', false)).rejects.toBeInstanceOf(PrivateAddress);
    expect(origin.requests.length).toBe(sent);
  });
});

describe('a source that allows private addresses', () => {
  test.each(['127.0.0.1', 'localhost', '2130706433'])('reaches %s', async (host) => {
    expect((await get(host, true)).status).toBe(200);
  });
});
