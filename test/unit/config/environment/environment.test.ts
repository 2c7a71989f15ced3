import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../../../../src/config/environment/environment.ts';
import { sslModes } from '../../../../src/config/environment/postgres-settings.ts';
import { InvalidEnvironment } from '../../../../src/config/secrets/references.ts';

type Variables = Readonly<Record<string, string>>;

const read = (variables: Variables) => readEnvironment({}, variables);
const postgresOf = (variables: Variables) => read({ PG_HOST: 'db.test', ...variables }).postgres;
const ownerOf = (variables: Variables) => read({ PG_HOST: 'db.test', ...variables }).owner;

describe('readEnvironment', () => {
  test('without variables has the defaults', () => {
    expect(read({})).toMatchObject({
      postgres: null,
      owner: null,
      prepare: true,
      temporalAddress: null,
      embedded: true,
      logLevel: 'info',
      configFile: resolve('daybook.yaml'),
      dataFolder: resolve('data'),
      store: { kind: 'directory', folder: resolve('data') },
      homeFolder: resolve('.daybook'),
      http: {
        host: '127.0.0.1',
        port: 9464,
        isDefault: true,
      },
      httpHosts: [],
    });
  });

  test('takes an empty variable for one that is not set', () => {
    const names = ['PG_HOST', 'TEMPORAL_ADDRESS', 'DAYBOOK_CONFIG', 'DAYBOOK_DATA', 'DAYBOOK_STORE', 'DAYBOOK_HOME'];
    const switches = ['DAYBOOK_HTTP', 'DAYBOOK_EMBEDDED', 'PG_PREPARE', 'LOG_LEVEL'];
    const {
      lookUp: _,
      variables: __,
      ownVariables: ___,
      bucket: _bucket,
      ...empty
    } = read(Object.fromEntries([...names, ...switches].map((name) => [name, ''])));
    expect(read({})).toMatchObject(empty);
  });

  test('takes paths relative to the working directory', () => {
    expect(
      read({ DAYBOOK_CONFIG: 'etc/d.yaml', DAYBOOK_DATA: 'var', DAYBOOK_STORE: '../store', DAYBOOK_HOME: '/srv/home' }),
    ).toMatchObject({
      configFile: resolve('etc/d.yaml'),
      dataFolder: resolve('var'),
      store: { kind: 'directory', folder: resolve('../store') },
      homeFolder: '/srv/home',
    });
  });

  test('keeps the store in the data folder by default', () => {
    expect(read({ DAYBOOK_DATA: '/srv/data' }).store).toEqual({ kind: 'directory', folder: '/srv/data' });
  });

  test.each(['PG_HOST', 'PG_DIRECT_HOST'])('refuses a URL as %s without showing the password in it', (name) => {
    const url = 'postgres://me:hunter2@db.test/news';
    expect(() => read({ PG_HOST: 'db.test', [name]: url })).toThrow(`${name}: found a URL, expected a host name`);
    expect(() => read({ PG_HOST: 'db.test', [name]: url })).toThrow(/^(?!.*hunter2)/);
  });

  test('reads how to reach PostgreSQL', () => {
    expect(
      postgresOf({
        PG_PORT: '6432',
        PG_DB: 'events',
        PG_USER: 'writer',
        PG_PASSWORD: 'p w',
        PG_SSLMODE: 'verify-full',
        PG_SCHEMA: 'scraped',
      }),
    ).toEqual({
      host: 'db.test',
      port: 6432,
      database: 'events',
      user: 'writer',
      password: 'p w',
      sslMode: 'verify-full',
      schema: 'scraped',
    });
    expect(postgresOf({})).toMatchObject({ port: 5432, schema: 'public', password: '' });
  });

  test('reads the owner, which is the writer by default', () => {
    expect(ownerOf({ PG_USER: 'writer', PG_PASSWORD: 'secret' })).toEqual(
      postgresOf({ PG_USER: 'writer', PG_PASSWORD: 'secret' }),
    );
    expect(
      ownerOf({
        PG_OWNER_USER: 'owner',
        PG_OWNER_PASSWORD: 'o',
        PG_DIRECT_HOST: 'direct.test',
        PG_DIRECT_PORT: '5433',
        PG_PORT: '6432',
        PG_SCHEMA: 'scraped',
        PG_SSLMODE: 'require',
      }),
    ).toMatchObject({
      host: 'direct.test',
      port: 5433,
      user: 'owner',
      password: 'o',
      schema: 'scraped',
      sslMode: 'require',
    });
    expect(ownerOf({ PG_PORT: '6432', PG_DIRECT_HOST: 'direct.test' })).toMatchObject({ port: 6432 });
  });

  test.each([...sslModes])('knows PG_SSLMODE=%s', (mode) => {
    expect(postgresOf({ PG_SSLMODE: mode })?.sslMode).toBe(mode);
  });

  test('reads the files of certificates, and names the one that is wrong', () => {
    const folder = mkdtempSync(join(tmpdir(), 'daybook-pem-'));
    const [pem, other] = [join(folder, 'a.pem'), join(folder, 'b.pem')];
    writeFileSync(pem, '-----BEGIN CERTIFICATE-----');
    writeFileSync(other, 'text');
    expect(postgresOf({ PG_SSLROOTCERT: pem })?.sslFiles).toEqual({ rootCert: pem });
    expect(ownerOf({ PG_SSLCERT: pem, PG_SSLKEY: pem })?.sslFiles).toEqual({ cert: pem, key: pem });
    expect(() => postgresOf({ PG_SSLCERT: pem })).toThrow(/PG_SSLCERT and PG_SSLKEY must be set together/);
    expect(() => postgresOf({ PG_SSLROOTCERT: other })).toThrow(/PG_SSLROOTCERT: .*b\.pem is not a PEM file/);
    expect(() => postgresOf({ PG_SSLROOTCERT: join(folder, 'c.pem') })).toThrow(
      /PG_SSLROOTCERT: cannot be read: ENOENT/,
    );
    rmSync(folder, { recursive: true });
  });

  test('reads switches', () => {
    for (const off of ['off', 'OFF', 'false', '0', 'no']) {
      expect(read({ PG_PREPARE: off, DAYBOOK_EMBEDDED: off })).toMatchObject({ prepare: false, embedded: false });
    }
    for (const on of ['on', 'true', '1', 'yes']) {
      expect(read({ PG_PREPARE: on, DAYBOOK_EMBEDDED: on })).toMatchObject({ prepare: true, embedded: true });
    }
  });

  test.each([
    ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }],
    ['localhost:9000', { host: 'localhost', port: 9000 }],
    ['[::1]:9000', { host: '::1', port: 9000 }],
    [':9000', { host: '127.0.0.1', port: 9000 }],
    ['9000', { host: '127.0.0.1', port: 9000 }],
    ['off', null],
  ])('reads DAYBOOK_HTTP=%s', (text, http) => {
    expect(read({ DAYBOOK_HTTP: text }).http).toEqual(http && { ...http, isDefault: false });
  });

  test('reads the address of a Web UI', () => {
    expect(read({ TEMPORAL_UI_URL: 'https://temporal.test/ui/' }).temporalUi).toBe('https://temporal.test/ui');
    expect(read({}).temporalUi).toBeNull();
    for (const wrong of ['temporal.test:8080', 'ftp://temporal.test', 'https://me:hunter2@temporal.test']) {
      expect(() => read({ TEMPORAL_UI_URL: wrong })).toThrow(/^TEMPORAL_UI_URL: not an http or https URL(?!.*hunter2)/);
    }
  });

  test('reads the log level in any case', () => {
    expect(read({ LOG_LEVEL: 'DEBUG' }).logLevel).toBe('debug');
  });

  test.each([
    ['PG_PORT', '0'],
    ['PG_PORT', '65536'],
    ['PG_PORT', 'five'],
    ['PG_PORT', '-1'],
    ['PG_PORT', '54 32'],
    ['PG_PORT', '5432.0'],
    ['PG_DIRECT_PORT', 'x'],
    ['PG_SSLMODE', 'on'],
    ['PG_SSLMODE', 'REQUIRED'],
    ['PG_PREPARE', 'maybe'],
    ['DAYBOOK_EMBEDDED', '2'],
    ['DAYBOOK_HTTP_HOSTS', 'daybook.example:9464'],
    ['DAYBOOK_HTTP_HOSTS', 'ok.example, http://x'],
    ['DAYBOOK_HTTP_HOSTS', '*'],
    ['DAYBOOK_HTTP', 'localhost'],
    ['DAYBOOK_HTTP', 'a:b'],
    ['DAYBOOK_HTTP', 'localhost:0'],
    ['DAYBOOK_HTTP', 'localhost:70000'],
    ['DAYBOOK_HTTP', '999.1.1.1:1'],
    ['DAYBOOK_HTTP', '1.2.3:9464'],
    ['DAYBOOK_HTTP', '[:::]:9464'],
    ['DAYBOOK_HTTP', 'http://localhost:80'],
    ['LOG_LEVEL', 'loud'],
    ['DAYBOOK_STORE', 'gs://bucket/prefix'],
  ])('refuses %s=%s, saying what it found and what to do', (name, text) => {
    expect(() => read({ PG_HOST: 'db.test', [name]: text })).toThrow(InvalidEnvironment);
    expect(() => read({ PG_HOST: 'db.test', [name]: text })).toThrow(new RegExp(`^${name}: found ".*", expected`));
  });

  test('prefers --config to DAYBOOK_CONFIG', () => {
    expect(readEnvironment({ config: 'a.yaml' }, { DAYBOOK_CONFIG: 'b.yaml' }).configFile).toBe(resolve('a.yaml'));
  });

  test('gives the demo its own home, configuration and data', () => {
    const variables = { DAYBOOK_HOME: '/srv/home', DAYBOOK_DATA: '/srv/data', DAYBOOK_STORE: '/srv/store' };
    expect(readEnvironment({ demo: true }, { ...variables, DAYBOOK_CONFIG: '/srv/d.yaml' })).toMatchObject({
      homeFolder: '/srv/home/demo',
      configFile: '/srv/home/demo/daybook.yaml',
      dataFolder: '/srv/home/demo/data',
      store: { kind: 'directory', folder: '/srv/home/demo/data' },
    });
  });

  test('keeps shared files of all homes in the cache folder of the user', () => {
    expect(read({ XDG_CACHE_HOME: '/srv/cache' }).cacheFolder).toBe('/srv/cache/daybook');
  });
});
