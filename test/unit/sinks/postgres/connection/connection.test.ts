import type { Pool, PoolClient } from 'pg';
import { describe, expect, test, vi } from 'vitest';
import {
  DataCorrupted,
  SinkMisconfigured,
  SinkUnavailable,
  type DaybookError,
} from '../../../../../src/domain/errors.ts';
import { withConnection } from '../../../../../src/sinks/postgres/connection/connection.ts';
import { postgresFailure } from '../../../../../src/sinks/postgres/connection/postgres-failure.ts';
import { prepareSession } from '../../../../../src/sinks/postgres/connection/session.ts';
import { postgresError } from '../fake-pool.ts';

/** A pool whose connections tell how they were given back. */
function poolOf(...connections: readonly { readonly answers: boolean }[]) {
  const clients = connections.map(({ answers }) => ({
    query: vi.fn<() => Promise<object>>(async () => (answers ? { rows: [] } : Promise.reject(postgresError('EPIPE')))),
    release: vi.fn<(broken: boolean) => void>(),
  }));
  let next = 0;
  return { clients, pool: { connect: async () => clients[next++] as unknown as PoolClient } as unknown as Pool };
}

const released = ({ clients }: ReturnType<typeof poolOf>) => clients.map(({ release }) => release.mock.calls[0]?.[0]);

describe('withConnection', () => {
  test('returns a connection to the pool only if the work succeeded', async () => {
    const fine = poolOf({ answers: true });
    expect(await withConnection(fine.pool, async () => 1)).toBe(1);
    expect(released(fine)).toEqual([false]);
    const refused = poolOf({ answers: true });
    await expect(
      withConnection(refused.pool, async () => Promise.reject(postgresError('22003', 'out of range'))),
    ).rejects.toThrow('out of range');
    expect(released(refused)).toEqual([true]);
  });

  test('repeats the work on a live connection if one had broken unnoticed', async () => {
    const pool = poolOf({ answers: false }, { answers: false }, { answers: true }, { answers: true });
    const work = vi.fn<() => Promise<number>>().mockRejectedValueOnce(postgresError('EPIPE')).mockResolvedValueOnce(7);
    expect(await withConnection(pool.pool, work)).toBe(7);
    expect(released(pool)).toEqual([true, true, false, undefined]);
  });
});

describe('prepareSession', () => {
  const prepare = (row: { encoding: string; commit: string }) =>
    prepareSession({ query: async () => [{ rows: [] }, { rows: [row] }] } as unknown as PoolClient);

  test('accepts UTF8 and a commit that waits', async () => {
    await expect(prepare({ encoding: 'UTF8', commit: 'on' })).resolves.toBeUndefined();
  });

  test.each([
    [{ encoding: 'LATIN1', commit: 'on' }, /LATIN1.*UTF8/],
    [{ encoding: 'SQL_ASCII', commit: 'on' }, /SQL_ASCII.*UTF8/],
    [{ encoding: 'UTF8', commit: 'off' }, /synchronous_commit/],
  ])('refuses a server with %j', async (row, message) => {
    const error = await prepare(row).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(SinkMisconfigured);
    expect((error as Error).message).toMatch(message);
  });
});

describe('postgresFailure', () => {
  const failureOf = (code: string | undefined): DaybookError => postgresFailure(postgresError(code), 'batch 1');

  test.each([
    ['08006', SinkUnavailable],
    ['25006', SinkUnavailable],
    ['40001', SinkUnavailable],
    ['53100', SinkUnavailable],
    ['57014', SinkUnavailable],
    ['ECONNREFUSED', SinkUnavailable],
    [undefined, SinkUnavailable],
    ['3D000', SinkMisconfigured],
    ['28P01', SinkMisconfigured],
    ['XX001', DataCorrupted],
    ['XX002', DataCorrupted],
  ])('%s', (code, expected) => {
    expect(failureOf(code)).toBeInstanceOf(expected);
  });

  test.each(['40001', '40P01', '55P03', '57014'])('wants the delay after %s blurred, not shortened', (code) => {
    expect(failureOf(code)).toMatchObject({ jitter: true });
    expect(failureOf(code).retryAfterMs).toBeUndefined();
  });

  test.each([
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate', /PG_SSLROOTCERT/],
    ['CERT_HAS_EXPIRED', 'certificate has expired', /renew/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'Hostname does not match', /PG_SSLMODE/],
    [undefined, 'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string', /PG_PASSWORD/],
    [undefined, 'The server does not support SSL connections', /PG_SSLMODE/],
  ])('takes %s (%s) for a fault of configuration', (code, message, hint) => {
    const failure = postgresFailure(postgresError(code, message), 'batch 1');
    expect(failure).toBeInstanceOf(SinkMisconfigured);
    expect(failure.message).toMatch(hint);
  });

  test('says what failed, why, the code and the fix', () => {
    expect(postgresFailure(postgresError('42P01', 'relation "raw_events" does not exist'), 'batch 1').message).toBe(
      'postgres: batch 1: relation "raw_events" does not exist (42P01); run ./daybook migrate',
    );
  });

  test('names every address that refused, where a host has several', () => {
    const refused = (address: string) => Object.assign(new Error(`connect ECONNREFUSED ${address}:5432`), {});
    const error = Object.assign(new AggregateError([refused('::1'), refused('127.0.0.1')], ''), {
      code: 'ECONNREFUSED',
    });
    expect(postgresFailure(error, 'batch 1').message).toMatch(/::1:5432.*127\.0\.0\.1:5432.*check PG_HOST and PG_PORT/);
  });
});
