import { describe, expect, test } from 'vitest';
import { SinkMisconfigured, SinkUnavailable } from '../../../../../src/domain/errors.ts';
import { createPartitions, requirePartitions } from '../../../../../src/sinks/postgres/days/partitions.ts';
import { fakePool, postgresError } from '../fake-pool.ts';

const days = ['2026-11-01', '2026-11-02'];

describe('ensure', () => {
  test('queries once per day, for any number of concurrent callers', async () => {
    const fake = fakePool(() => []);
    const partitions = createPartitions(fake.pool, 'public');
    await Promise.all(Array.from({ length: 5 }, () => partitions.ensure([...days, ...days])));
    expect(fake.asked.map(({ values }) => values[0])).toEqual(days);
    partitions.forget(['2026-11-02']);
    await partitions.ensure(days);
    expect(fake.asked.map(({ values }) => values[0])).toEqual([...days, '2026-11-02']);
  });

  test('returns the days that are retired, and queries them again', async () => {
    const fake = fakePool(({ values }) => {
      if (values[0] === '2026-11-01') throw postgresError('DB001');
      return [];
    });
    const partitions = createPartitions(fake.pool, 'public');
    for (let n = 0; n < 2; n++) expect([...(await partitions.ensure(days)).retired]).toEqual(['2026-11-01']);
    expect(fake.asked.map(({ values }) => values[0])).toEqual(['2026-11-01', '2026-11-02', '2026-11-01']);
  });

  test('does not remember a failure', async () => {
    let fails = true;
    const fake = fakePool(() => {
      if (fails) throw postgresError('57P01');
      return [];
    });
    const partitions = createPartitions(fake.pool, 'public');
    await expect(partitions.ensure(days)).rejects.toBeInstanceOf(SinkUnavailable);
    fails = false;
    expect(await partitions.ensure(days)).toMatchObject({ retired: new Set(), blocked: new Map() });
  });

  test.each(['42P07', '42P17', '42809', '23505'])('checks again after %s: another process created it', async (code) => {
    let calls = 0;
    const fake = fakePool(() => {
      if (calls++ === 0) throw postgresError(code);
      return [];
    });
    expect((await createPartitions(fake.pool, 'public').ensure(['2026-11-01'])).blocked.size).toBe(0);
    expect(calls).toBe(2);
  });

  test('names the day and the fix where it is not allowed to', async () => {
    const fake = fakePool(() => {
      throw postgresError('42501', 'permission denied for function ensure_partition');
    });
    const error = await requirePartitions(fake.pool, 'public', days).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(SinkMisconfigured);
    expect((error as Error).message).toMatch(/2026-11-01.*migrate --roles/);
  });

  test('returns which were created, and is not blocked by one that needs manual work', async () => {
    const where = 'PL/pgSQL function forbid() line 1 at RAISE\nPL/pgSQL function ensure_partition(date) line 9';
    const fake = fakePool(({ values }) => {
      if (values[0] === '2026-11-01') throw Object.assign(postgresError('DB003', 'found it detached'), { where });
      if (values[0] === '2026-11-02') throw Object.assign(postgresError('P0001', 'no DDL on weekdays'), { where });
      return [{ made: values[0] === '2026-11-03' }];
    });
    const ensured = await createPartitions(fake.pool, 'public').ensure([...days, '2026-11-03', '2026-11-04']);
    expect(ensured.made).toEqual(['2026-11-03']);
    expect([...ensured.blocked].map(([day, { type, message }]) => `${day} ${type} ${message}`)).toEqual([
      expect.stringMatching(/^2026-11-01 SinkMisconfigured .*2026-11-01.*found it detached \(DB003\)$/),
      expect.stringMatching(
        /^2026-11-02 SinkMisconfigured .*2026-11-02.*no DDL on weekdays \(P0001\); if an event trigger/,
      ),
    ]);
  });

  test('queries no other day once the server is unavailable', async () => {
    const fake = fakePool(() => {
      throw postgresError('57P01');
    });
    await expect(createPartitions(fake.pool, 'public').ensure(days)).rejects.toBeInstanceOf(SinkUnavailable);
    expect(new Set(fake.asked.map(({ values }) => values[0]))).toEqual(new Set(['2026-11-01']));
  });
});
