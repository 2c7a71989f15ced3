import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { S3Setting } from '../../src/domain/storage/store-setting.ts';
import { createS3Store } from '../../src/store/s3/s3-store.ts';
import { makeAuthority } from '../support/servers/certificates.ts';
import { startConnectProxy, type ConnectProxy } from '../support/servers/connect-proxy.ts';
import { server, settingOf } from './s3-setting.ts';

const folder = mkdtempSync(join(tmpdir(), 'daybook-s3-'));
let proxy: ConnectProxy;
let front: Server;
/** The server behind TLS. */
let secure: S3Setting;
const caFile = join(folder, 'authority.crt');

beforeAll(async () => {
  proxy = await startConnectProxy();
  const { cert, key } = makeAuthority(folder, 'authority').issue('s3', ['DNS:localhost']);
  const { hostname, port } = new URL(server?.endpoint ?? 'http://127.0.0.1:1');
  front = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (incoming, answer) => {
    const { method, url: path, headers } = incoming;
    incoming.pipe(
      request({ hostname, port, method, path, headers }, (found) => {
        const { connection: _, ...others } = found.headers;
        answer.writeHead(found.statusCode ?? 502, others);
        found.pipe(answer);
      }),
    );
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const address = front.address();
  const endpoint = `https://localhost:${typeof address === 'object' && address ? address.port : 0}`;
  secure = { ...settingOf(server, endpoint), caFile };
});
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
  front.closeAllConnections();
  await new Promise((resolve) => front.close(resolve));
  await proxy.close();
  rmSync(folder, { recursive: true });
});

describe.skipIf(server === null)('a bucket behind TLS', () => {
  test('is reached with the authority of its certificate', async () => {
    const store = createS3Store(secure);
    await store.prove();
    await store.put('a', 'x');
    expect(await store.list('')).toEqual(['a']);
  });

  test('is not reached without it, which the failure names', async () => {
    await expect(createS3Store({ ...secure, caFile: null }).get('a')).rejects.toThrow(/set AWS_CA_BUNDLE to a file/);
    await expect(createS3Store({ ...secure, caFile: join(folder, 'none') }).get('a')).rejects.toThrow(
      /the authorities in .*none cannot be read \(AWS_CA_BUNDLE or SSL_CERT_FILE\): ENOENT/,
    );
  });

  test('is reached through a proxy', async () => {
    const before = proxy.tunnels.length;
    const store = createS3Store({ ...secure, proxy: proxy.url });
    await store.prove();
    await store.put('a', 'x');
    expect((await store.get('a'))?.toString()).toBe('x');
    expect(proxy.tunnels.slice(before)).toEqual([new URL(secure.endpoint ?? '').host]);
  });

  test('is not reached through a proxy that refuses, which the failure names', async () => {
    const stranger = new URL(proxy.url);
    stranger.username = 'stranger';
    const failing = createS3Store({ ...secure, proxy: stranger.href }).get('a');
    await expect(failing).rejects.toThrow(/could not read .*see HTTPS_PROXY/);
    await expect(failing).rejects.not.toThrow(stranger.password);
  });
});

describe.skipIf(server === null)('a bucket without TLS', () => {
  test('is reached through a proxy', async () => {
    const before = proxy.tunnels.length;
    const store = createS3Store({ ...settingOf(server), proxy: proxy.url });
    await store.put('a', 'x');
    expect(proxy.tunnels.slice(before)).toHaveLength(1);
  });
});

describe.skipIf(server === null)('keys', () => {
  const write = (file: string, id: string, secret: string) =>
    writeFileSync(file, `[news]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`);

  test('come from the shared files, and are read again once they were refused', async () => {
    const file = join(folder, 'credentials');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file);
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'none'));
    write(file, 'unknown', 'unknown');
    const store = createS3Store({ ...settingOf(server), keys: null, profile: 'news' });
    await expect(store.list('')).rejects.toThrow(/check AWS_ACCESS_KEY_ID/);
    write(file, server?.accessKeyId ?? '', server?.secretAccessKey ?? '');
    expect(await store.list('')).toEqual([]);
  });

  test('that are missing are named, as is the region', async () => {
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'none'));
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'none'));
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    const setting = { ...settingOf(server), keys: null };
    await expect(createS3Store(setting).list('')).rejects.toThrow(/no credentials were found: set AWS_ACCESS_KEY_ID/);
    await expect(createS3Store({ ...setting, region: null }).list('')).rejects.toThrow(
      /^store: no region for s3:\/\/daybook; set AWS_REGION$/,
    );
  });
});

test('the SDK does not warn of the version of Node', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on('warning', note);
  await createS3Store(settingOf(server, 'http://127.0.0.1:1'))
    .get('a')
    .catch(() => null);
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', note);
  expect(warnings.filter(({ message }) => /AWS/.test(message))).toEqual([]);
});
