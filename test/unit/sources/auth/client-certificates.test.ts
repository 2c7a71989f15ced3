import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SourceRefused, SourceUnavailable } from '../../../../src/domain/errors.ts';
import type { TlsPlan } from '../../../../src/domain/plan/auth-plan.ts';
import { createHttpClient } from '../../../../src/sources/http/http-client.ts';
import { makeAuthority, type Authority, type Certificate } from '../../../support/servers/certificates.ts';
import { startConnectProxy } from '../../../support/servers/connect-proxy.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { request } from '../http/http-requests.ts';

const folder = temporaryFolder();
const client = createHttpClient('daybook/test', {}, undefined, (path) => join(folder, path));
let authority: Authority;
let [mine, server]: Certificate[] = [];
const servers: Server[] = [];
let url: string;
let open: string;

const nameOf = (file = '') => basename(file);
const text = (file = '') => readFileSync(file, 'utf8');

/** A server that answers with the name in the client's certificate. */
async function serve(wantsCertificate: boolean): Promise<string> {
  const options = { cert: text(server?.cert), key: text(server?.key), ca: text(authority.cert) };
  const made = createServer(
    { ...options, requestCert: true, rejectUnauthorized: wantsCertificate },
    (asked, answer) => {
      if (asked.url?.startsWith('/to/')) {
        return void answer.writeHead(302, { location: decodeURIComponent(asked.url.slice(4)) }).end();
      }
      answer.end(String((asked.socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'none'));
    },
  );
  servers.push(made);
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  const address = made.address();
  return `https://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`;
}

beforeAll(async () => {
  authority = makeAuthority(folder, 'authority');
  [mine, server] = [authority.issue('daybook', []), authority.issue('server', ['IP:127.0.0.1'])];
  [url, open] = [await serve(true), await serve(false)];
});
afterAll(async () => {
  await client.close();
  for (const made of servers) {
    made.closeAllConnections();
    await new Promise((resolve) => made.close(resolve));
  }
  rmSync(folder, { recursive: true, force: true });
});

const send = (address: string, tls: TlsPlan | null, fields = {}) =>
  client
    .send(request(address, { ...(tls ? { tls } : {}), ...fields }), new AbortController().signal)
    .then(({ body }) => body.toString());
const failure = (...args: Parameters<typeof send>) =>
  send(...args).then(
    () => null,
    (error: unknown) => error as Error,
  );
const files = (): TlsPlan => ({
  cert: nameOf(mine?.cert),
  key: nameOf(mine?.key),
  ca: nameOf(authority.cert),
});

describe('a client certificate', () => {
  test('is shown, from files beside the configuration or as PEM text, also with \\n for the ends of lines', async () => {
    expect(await send(url, files())).toBe('daybook');
    const texts = { cert: text(mine?.cert), key: text(mine?.key), ca: text(authority.cert) };
    expect(await send(url, texts)).toBe('daybook');
    const escaped = Object.fromEntries(
      Object.entries(texts).map(([name, pem]) => [name, pem.replaceAll('\n', String.raw`\n`)]),
    );
    expect(await send(url, escaped)).toBe('daybook');
  });

  test('is shown through a proxy', async () => {
    const proxy = await startConnectProxy();
    expect(await send(url, files(), { proxy: proxy.url })).toBe('daybook');
    expect(proxy.tunnels).toEqual([new URL(url).host]);
    await proxy.close();
  });

  test('is not shown to another origin that a redirect leads to', async () => {
    expect(await send(open, files())).toBe('daybook');
    expect(await failure(`${open}to/${encodeURIComponent(url)}`, files())).toBeInstanceOf(SourceUnavailable);
    expect(await failure(url, null)).toBeInstanceOf(SourceUnavailable);
  });

  test('is read again: one that is replaced needs no restart', async () => {
    const name = (kind: string) => join(folder, `renewed.${kind}`);
    copyFileSync(mine?.cert ?? '', name('crt'));
    copyFileSync(mine?.key ?? '', name('key'));
    const tls = { cert: 'renewed.crt', key: 'renewed.key', ca: nameOf(authority.cert) };
    expect(await send(url, tls)).toBe('daybook');
    const other = authority.issue('renewed-daybook', []);
    copyFileSync(other.cert, name('crt'));
    copyFileSync(other.key, name('key'));
    expect(await send(url, tls)).toBe('renewed-daybook');
  });
});

test('authorities of a source are trusted instead of the well-known ones', async () => {
  expect(await send(open, { ca: nameOf(authority.cert) })).toBe('none');
  expect((await failure(open, null))?.message).toMatch(/could not be reached: .*certificate/);
});

test.each<[string, () => TlsPlan, RegExp]>([
  [
    'a file that is missing',
    () => ({ ...files(), key: 'missing.key' }),
    /^fetch: news: tls\.key cannot be read \(ENOENT/,
  ],
  [
    'the key of another certificate',
    () => ({ ...files(), key: nameOf(server?.key) }),
    /^fetch: news: tls: cert, key or ca cannot be used \(.*key values mismatch/,
  ],
  [
    'a file that is no certificate',
    () => ({ ...files(), cert: nameOf(mine?.key) }),
    /^fetch: news: tls: cert, key or ca cannot be used/,
  ],
])('%s fails the request before it is sent, without showing the key', async (_, tls, message) => {
  const error = await failure(url, tls());
  expect(error).toBeInstanceOf(SourceRefused);
  expect(error?.message).toMatch(message);
  expect(error?.message).not.toContain('BEGIN');
});
