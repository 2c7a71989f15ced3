import type { Pool } from 'pg';
import { describe, expect, test, vi } from 'vitest';
import { DataCorrupted, SinkMisconfigured, SinkUnavailable, type DaybookError } from '../../../src/domain/errors.ts';
import { postgresFailure, withConnection } from '../../../src/sinks/postgres/connection.ts';
import { postgresError } from './fake-pool.ts';

/** A pool of one connection, which tells what it was asked and how it was given back. */
function poolOf(settings: { encoding: string; commit: string }) {
  const query = vi.fn<() => Promise<object>>(async () => ({ rows: [settings] }));
  const client = { query, release: vi.fn<(broken: boolean) => void>() };
  return { client, pool: { connect: async () => client } as unknown as Pool };
}

describe('withConnection', () => {
  test('looks at the server once a connection', async () => {
    const { client, pool } = poolOf({ encoding: 'UTF8', commit: 'on' });
    for (let n = 0; n < 3; n++) expect(await withConnection(pool, async () => n)).toBe(n);
    expect(client.query).toHaveBeenCalledTimes(1);
  });

  test('gives a connection back for use again only where the work succeeded', async () => {
    const { client, pool } = poolOf({ encoding: 'UTF8', commit: 'on' });
    await withConnection(pool, async () => undefined);
    expect(client.release).toHaveBeenLastCalledWith(false);
    await expect(
      withConnection(pool, async () => Promise.reject(postgresError('22003', 'out of range'))),
    ).rejects.toThrow('out of range');
    expect(client.release).toHaveBeenLastCalledWith(true);
  });

  test.each([
    [{ encoding: 'LATIN1', commit: 'on' }, /LATIN1.*UTF8/],
    [{ encoding: 'SQL_ASCII', commit: 'on' }, /SQL_ASCII.*UTF8/],
    [{ encoding: 'UTF8', commit: 'off' }, /synchronous_commit/],
  ])('does no work on a server with %j', async (settings, message) => {
    const { pool } = poolOf(settings);
    const work = vi.fn<() => Promise<void>>();
    const error = await withConnection(pool, work).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(SinkMisconfigured);
    expect((error as Error).message).toMatch(message);
    expect(work).not.toHaveBeenCalled();
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

  test.each(['40001', '40P01', '55P03', '57014'])('asks for a wait of its own for %s: jitter', (code) => {
    const waits = new Set(Array.from({ length: 20 }, () => failureOf(code).retryAfterMs));
    expect(waits.size).toBeGreaterThan(1);
    expect(waits).not.toContain(undefined);
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
