import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Archives } from '../../../src/domain/storage/archive.ts';
import { SinkUnavailable } from '../../../src/domain/errors.ts';
import {
  retireDays,
  type RetirementResult,
  type RetirementStep,
} from '../../../src/sinks/postgres/days/retire-days.ts';
import { listPartitions } from '../../../src/sinks/postgres/days/partitions.ts';
import { resetDatabase } from '../../../src/sinks/postgres/commands/reset.ts';
import { createPostgresWriter } from '../../../src/sinks/postgres/writer/postgres-writer.ts';
import { createDatabase, type TestDatabase } from '../../support/servers/database.ts';
import { until } from '../../support/until.ts';
import { ArchiveFolder } from './archive-folder.ts';
import { attempt, batchOf, context, record, records, rejection } from '../batches.ts';
import { servers } from '../servers.ts';

const days = ['2026-10-01', '2026-10-02', '2026-10-03'] as const;
const keptFrom = '2026-10-03';
const steps: readonly RetirementStep[] = ['mark', 'detach', 'archive', 'note archive', 'prune', 'drop'];

describe.each(servers)('retireDays on $name', ({ server }) => {
  let database: TestDatabase;
  let folder: ArchiveFolder;
  let archives: Archives;
  beforeEach(async () => {
    database = await createDatabase(server);
    folder = new ArchiveFolder();
    archives = folder.archives;
    for (const day of days) await write('news', records(3, `${day} `, day));
  });
  afterEach(async () => {
    await database.drop();
    folder.remove();
  });

  const write = (source: string, content: Parameters<typeof attempt>[2]) =>
    attempt(database.pool, batchOf(source, content), content);
  const count = (table: string) => database.count(`select count(*) from ${table}`);
  const dayOf = (day: string) => `to_char(occurred_at, 'YYYY-MM-DD') = '${day}'`;
  const tables = async () => {
    const rows = await database.rows(
      `select relname as name from pg_class where relkind = 'r' and relname ~ '^raw_events_2026' order by 1`,
    );
    return rows.map(({ name }) => name);
  };

  /** Retires what was kept before 2026-10-03; as if killed before a step, where one is named. */
  async function retire(
    killBefore?: RetirementStep,
    from: string | null = keptFrom,
    lockTimeoutMs = 2_000,
  ): Promise<RetirementResult> {
    const kill = new AbortController();
    return retireDays({
      owner: database.settings,
      archives,
      keptFrom: from,
      signal: kill.signal,
      lockTimeoutMs,
      onStep(step) {
        if (step !== killBefore) return;
        kill.abort(new Error(`killed before ${step}`));
        throw kill.signal.reason as Error;
      },
    });
  }

  async function expectRetired(): Promise<void> {
    expect(await tables()).toEqual(['raw_events_2026_10_03']);
    expect(await listPartitions(database.pool, 'public')).toEqual(['2026-10-03']);
    expect(await count('raw_events')).toBe(3);
    expect(await count('raw_event_keys')).toBe(3);
    expect(await count('raw_event_days')).toBe(0);
    for (const day of days.slice(0, 2)) {
      expect(folder.manifest(day)).toMatchObject({ day, rows: 3, minOccurredAt: `${day}T12:00:00.000000Z` });
      expect(folder.csv(day).trimEnd().split('\n')).toHaveLength(4);
    }
  }

  test('archives, prunes and drops the days that end before the time kept, and no other', async () => {
    const { retired, failed } = await retire();
    expect(failed).toEqual([]);
    expect(retired).toEqual([
      { day: '2026-10-01', rows: 3, archive: 'archives/2026-10-01.csv.gz' },
      { day: '2026-10-02', rows: 3, archive: 'archives/2026-10-02.csv.gz' },
    ]);
    await expectRetired();
    const [head, first] = folder.csv('2026-10-01').split('\n');
    expect(head).toBe('id,source,source_id,occurred_at,payload,created_at,processed');
    expect(first).toMatch(/^"\d+","news","2026-10-01 0","2026-10-01 12:00:00\+00","\{""id"".*,"f"$/);
    expect(await retire()).toEqual({ retired: [], putBack: [], failed: [] });
  });

  test.each(steps)('continues where it was killed before: %s', async (step) => {
    expect((await rejection(retire(step))).message).toBe(`killed before ${step}`);
    await retire();
    await expectRetired();
  });

  test('killed repeatedly still continues', async () => {
    for (const step of [...steps, ...steps.toReversed()]) await rejection(retire(step));
    expect((await retire()).failed).toEqual([]);
    await expectRetired();
  });

  test('connections killed at any moment do no harm', async () => {
    for (const day of days) await write('many', records(4_000, `many ${day} `, day));
    for (let round = 0; round < 15; round++) {
      const retiring = retire().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 120));
      await database.rows(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and query not like 'select pg_terminate%'`,
      );
      await retiring;
    }
    await until('it is done', async () => {
      const { failed } = await retire();
      return failed.length === 0;
    });
    expect(await tables()).toEqual(['raw_events_2026_10_03']);
    expect(await count('raw_events')).toBe(4_003);
    expect(await count('raw_event_keys')).toBe(4_003);
    expect(await count('raw_event_days')).toBe(0);
    for (const day of days.slice(0, 2)) expect(folder.manifest(day)).toMatchObject({ rows: 4_003 });
  });

  test('a connection that breaks before the rows are asked for fails the attempt, and nothing else', async () => {
    const intact = archives;
    let broken = 0;
    archives = {
      ...archives,
      async list(day) {
        if (broken++ === 0) {
          await database.rows(
            `select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid()`,
          );
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
        return intact.list(day);
      },
    };
    expect(await rejection(retire())).toBeInstanceOf(SinkUnavailable);
    archives = folder.archives;
    await retire();
    await expectRetired();
  });

  test('twice at once does each day once', async () => {
    const results = await Promise.allSettled([retire(), retire(), retire()]);
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    await retire();
    await expectRetired();
  });

  test('an archive with a flipped byte before verification: nothing is dropped, the day is reattached, the next day continues', async () => {
    const honest = archives;
    archives = {
      ...honest,
      async write(day, content, signal) {
        const written = await honest.write(day, content, signal);
        if (day === '2026-10-01') folder.flip(day);
        return written;
      },
    };
    const { retired, failed } = await retire();
    expect(failed).toEqual([{ day: '2026-10-01', message: expect.stringMatching(/nothing was dropped/) as string }]);
    expect(retired.map(({ day }) => day)).toEqual(['2026-10-02']);
    expect(await count(`raw_events where ${dayOf('2026-10-01')}`)).toBe(3);
    expect(await count(`raw_event_keys where ${dayOf('2026-10-01')}`)).toBe(3);
    archives = honest;
    expect((await retire()).retired).toEqual([{ day: '2026-10-01', rows: 3, archive: 'archives/2026-10-01.2.csv.gz' }]);
    expect(folder.csv('2026-10-01.2').split('\n')).toHaveLength(5);
  });

  test('an archive whose byte flips between two attempts: the same', async () => {
    await rejection(retire('prune'));
    folder.flip('2026-10-01');
    const { failed } = await retire();
    expect(failed.map(({ day }) => day)).toEqual(['2026-10-01']);
    expect(await count(`raw_events where ${dayOf('2026-10-01')}`)).toBe(3);
    expect((await retire()).retired).toMatchObject([{ archive: 'archives/2026-10-01.2.csv.gz' }]);
    await until('no day is left', async () => (await tables()).length === 1);
  });

  test('an archive with a row less than its table is detected, also with a matching manifest', async () => {
    await rejection(retire('prune'));
    const lines = folder.csv('2026-10-01').split('\n');
    lines.splice(2, 1);
    writeFileSync(folder.path('2026-10-01'), gzipSync(lines.join('\n')));
    expect((await retire()).failed).toMatchObject([{ day: '2026-10-01' }]);
    expect(await count(`raw_events where ${dayOf('2026-10-01')}`)).toBe(3);
  });

  test('an archive damaged after pruning has begun is written again; the day cannot be reattached then', async () => {
    await rejection(retire('drop'));
    folder.flip('2026-10-01');
    expect((await retire()).retired).toMatchObject([
      { day: '2026-10-01', archive: 'archives/2026-10-01.2.csv.gz' },
      {},
    ]);
    expect(await count('raw_event_keys')).toBe(3);
  });

  test('a late record of a day being retired is expired, at every step', async () => {
    const writer = createPostgresWriter({ pool: database.pool, schema: 'public', prepare: true });
    const warm = [record('warm', '2026-10-01')];
    await writer.write(batchOf('late', warm), warm, context);
    for (const step of steps.slice(2)) {
      await rejection(retire(step));
      const late = [record(`late ${step}`, '2026-10-01'), record(`kept ${step}`, '2026-10-03')];
      const { counts } = await writer.write(batchOf('late', late), late, context);
      expect(counts, step).toEqual(expect.objectContaining({ written: 1, expired: 1, duplicate: 0 }));
    }
    await retire();
    expect(await tables()).toEqual(['raw_events_2026_10_03']);
    expect(folder.manifest('2026-10-01')).toMatchObject({ rows: 4 });
    expect(await count('raw_event_keys')).toBe(await count('raw_events'));
  });

  test('ids with newlines and quotes, and large days, are archived and counted right', async () => {
    const odd = ['a\nb', 'a"b\n"', ',"', '""\n', '\r\n'].map((id) => record(id, '2026-10-01', '{"x":"\\n\\""}'));
    const many = records(25_000, 'many ', '2026-10-02');
    await write('odd', odd);
    await write('odd', many);
    expect((await retire()).retired.map(({ rows }) => rows)).toEqual([8, 25_003]);
    expect(await count('raw_event_keys')).toBe(3);
  });

  test('a store that is full during an archive: the day is reattached, and retired once there is space', async () => {
    // More than connections buffer: PostgreSQL has not sent all of it when the store is full.
    const wide = (id: string) => record(id, '2026-10-01', JSON.stringify({ text: 'x'.repeat(1_500) }));
    await write(
      'many',
      Array.from({ length: 6_000 }, (_, n) => wide(`many ${n}`)),
    );
    const honest = archives;
    archives = {
      ...honest,
      async write(day, content, signal) {
        if (day !== '2026-10-01') return honest.write(day, content, signal);
        for await (const chunk of content) {
          if (chunk.length > 0) throw new SinkUnavailable('store: could not write: ENOSPC');
        }
        throw new Error('there was nothing to write');
      },
    };
    const { retired, failed } = await retire();
    expect(failed).toEqual([{ day: '2026-10-01', message: expect.stringMatching(/ENOSPC; nothing was/) as string }]);
    expect(retired.map(({ day }) => day)).toEqual(['2026-10-02']);
    expect(await count(`raw_events where ${dayOf('2026-10-01')}`)).toBe(6_003);
    archives = honest;
    expect((await retire()).retired).toMatchObject([{ day: '2026-10-01', rows: 6_003 }]);
  });

  test('keys that belong to another time by now stay', async () => {
    await database.rows(`update raw_event_keys set occurred_at = '2026-10-03' where source_id = '2026-10-01 1'`);
    await retire();
    expect(await count('raw_event_keys')).toBe(4);
  });

  test('a reset drops a day that is half retired: its next partition finds no table in its way', async () => {
    await rejection(retire('prune'));
    await resetDatabase(database.settings, false);
    expect(await tables()).toEqual(['raw_events_2026_10_02', 'raw_events_2026_10_03']);
    expect((await write('news', records(2, 'again ', '2026-10-01'))).counts.written).toBe(2);
    expect(await count('raw_event_days')).toBe(0);
  });

  test('a reader delays only the detach: writers continue, and once it has ended the day is retired', async () => {
    const reader = await database.pool.connect();
    await reader.query('begin; select count(*) from raw_events');
    const hastily = () => retire(undefined, keptFrom, 300);
    const failure = await rejection(hastily());
    expect(failure.message).toMatch(/status shows it/);
    const startedAt = performance.now();
    const { counts } = await write('beside', [record('x', '2026-10-03'), record('y', '2026-11-05')]);
    expect(counts.written).toBe(2);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await rejection(hastily());
    await reader.query('commit');
    reader.release();
    await retire();
    expect(await tables()).toEqual(['raw_events_2026_10_03', 'raw_events_2026_11_05']);
    expect(await count('raw_events')).toBe(5);
  });

  test.each(['detach', 'archive', 'prune', 'drop'] as const)(
    'a day to be kept after all is reattached, killed before %s; once keys were pruned its retirement continues',
    async (step) => {
      await rejection(retire(step));
      await retire(undefined, null);
      const goesOn = step === 'drop';
      expect(await listPartitions(database.pool, 'public')).toEqual(goesOn ? days.slice(1) : [...days]);
      expect(await count('raw_events')).toBe(goesOn ? 6 : 9);
      expect(await count('raw_event_keys')).toBe(goesOn ? 6 : 9);
      expect(await count('raw_event_days')).toBe(0);
    },
  );

  test('tables that are not its own stay: a DEFAULT partition, other names, one detached by hand', async () => {
    await database.rows('alter table raw_events detach partition raw_events_2026_10_01');
    await database.rows(`create table raw_events_2026_09_09 (id int)`);
    await database.rows('create table raw_events_rest partition of raw_events default');
    await retire();
    expect(await tables()).toEqual(['raw_events_2026_09_09', 'raw_events_2026_10_01', 'raw_events_2026_10_03']);
    expect(await count('pg_class where relname = $$raw_events_rest$$')).toBe(1);
  });

  test('a day without rows leaves no archive', async () => {
    await database.rows(`select ensure_partition('2026-09-30')`);
    expect((await retire()).retired[0]).toEqual({ day: '2026-09-30', rows: 0, archive: null });
    expect(await archives.days()).toEqual(['2026-10-01', '2026-10-02']);
  });
});
