import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { PostgresSettings } from '../../src/config/environment/postgres-settings.ts';
import { SinkMisconfigured } from '../../src/domain/errors.ts';
import { withClient } from '../../src/sinks/postgres/connection/client.ts';
import { createPool } from '../../src/sinks/postgres/connection/connection.ts';
import { migrate } from '../../src/sinks/postgres/commands/migrate.ts';
import { createPostgresWriter } from '../../src/sinks/postgres/writer/postgres-writer.ts';
import { makeAuthority, type Authority, type Certificate } from '../support/servers/certificates.ts';
import { startOwnPostgres, type OtherPostgres } from '../support/servers/debian-postgres.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { batchOf, context, records, rejection } from './batches.ts';

describe('a PostgreSQL that speaks TLS alone', () => {
  const folder = temporaryFolder();
  let authority: Authority;
  let stranger: Authority;
  let client: Certificate;
  let server: OtherPostgres;
  const settings = (fields: Partial<PostgresSettings>): PostgresSettings => ({ ...server.settings, ...fields });

  beforeAll(async () => {
    [authority, stranger] = [makeAuthority(folder, 'authority'), makeAuthority(folder, 'stranger')];
    const { cert, key } = authority.issue('db', ['DNS:localhost']);
    client = authority.issue('holder', []);
    const rules = join(folder, 'hba.conf');
    const lines = ['hostssl all holder all cert', 'hostssl all all all scram-sha-256', 'hostnossl all all all reject'];
    writeFileSync(rules, `${lines.join('\n')}\n`);
    server = await startOwnPostgres(
      join(folder, 'server'),
      ['ssl=on', `ssl_cert_file=${cert}`, `ssl_key_file=${key}`, `ssl_ca_file=${authority.cert}`, `hba_file=${rules}`],
      [key, rules],
    );
    await migrate(settings({ sslMode: 'require' }));
    await withClient(settings({ sslMode: 'require' }), (owner) =>
      owner.query(`create role holder login; grant all on all tables in schema public to holder;
        grant execute on function ensure_partition(date) to holder`),
    );
  });
  afterAll(() => {
    server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const write = async (fields: Partial<PostgresSettings>) => {
    const pool = createPool(settings(fields), { maxConnections: 2 });
    try {
      const writer = createPostgresWriter({ pool, schema: 'public', prepare: true });
      const content = records(3);
      const { counts } = await writer.write(batchOf('tls', content), content, context);
      return counts.written + counts.duplicate;
    } finally {
      await pool.end();
    }
  };
  const trusted = () => ({ sslFiles: { rootCert: authority.cert } });

  test('accepts connections in every mode that allows TLS, and none without', async () => {
    expect(await write({ sslMode: 'require' })).toBe(3);
    expect(await write({ sslMode: 'prefer' })).toBe(3);
    expect(await write({ sslMode: 'require', ...trusted() })).toBe(3);
    // By a name that is not in the certificate.
    expect(await write({ sslMode: 'verify-ca', ...trusted() })).toBe(3);
    expect(await write({ sslMode: 'verify-full', host: 'localhost', ...trusted() })).toBe(3);
    expect(await rejection(write({ sslMode: 'disable' }))).toMatchObject({ type: 'SinkMisconfigured' });
  });

  test('knows a client by its certificate', async () => {
    const asHolder = { user: 'holder', password: '', sslMode: 'verify-full', host: 'localhost' } as const;
    const own = { rootCert: authority.cert, ...client };
    expect(await write({ ...asHolder, sslFiles: own })).toBe(3);
    expect(await rejection(write({ ...asHolder, ...trusted() }))).toBeInstanceOf(SinkMisconfigured);
  });

  test.each<[string, () => Partial<PostgresSettings>, RegExp]>([
    ['a certificate of an unknown authority', () => ({ sslMode: 'verify-full', host: 'localhost' }), /PG_SSLROOTCERT/],
    [
      'a certificate of another authority',
      () => ({ sslMode: 'verify-ca', sslFiles: { rootCert: stranger.cert } }),
      /PG_SSLROOTCERT/,
    ],
    [
      'a certificate of another authority, where one is named for require',
      () => ({ sslMode: 'require', sslFiles: { rootCert: stranger.cert } }),
      /PG_SSLROOTCERT/,
    ],
    [
      'a certificate of another name',
      () => ({ sslMode: 'verify-full', host: '127.0.0.1', ...trusted() }),
      /127\.0\.0\.1.*PG_HOST.*verify-ca/,
    ],
  ])('is refused where it shows %s, and the message says what to do', async (_, fields, message) => {
    for (const error of [await rejection(write(fields())), await rejection(migrate(settings(fields())))]) {
      expect.soft(error).toBeInstanceOf(SinkMisconfigured);
      expect.soft(error.message).toMatch(message);
    }
  });

  test('is refused once its certificate has expired', async () => {
    const { cert, key } = authority.issue('old', ['DNS:localhost'], 0);
    const old = await startOwnPostgres(
      join(folder, 'old'),
      ['ssl=on', `ssl_cert_file=${cert}`, `ssl_key_file=${key}`],
      [key],
    );
    try {
      const error = await rejection(
        migrate({ ...old.settings, sslMode: 'verify-full', host: 'localhost', ...trusted() }),
      );
      expect(error.message).toMatch(/expired.*renew/);
    } finally {
      old.stop();
    }
  });
});

test('a PostgreSQL without TLS is refused where TLS is required, and the message says what to do', async () => {
  const error = await rejection(migrate({ ...inject('postgres'), sslMode: 'require' }));
  expect(error).toBeInstanceOf(SinkMisconfigured);
  expect(error.message).toMatch(/does not support SSL.*PG_SSLMODE=prefer/);
});
