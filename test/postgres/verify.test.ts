import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { compareDay, type ComparedDay, type DayToCompare, type RowToCheck } from '../../src/verify/compare-day.ts';
import { windowOfDay } from '../../src/cli/options/journal-selection.ts';
import { canonicalJson } from '../../src/formats/canonical-json.ts';
import type { SpooledRecord } from '../../src/domain/run/record.ts';

import { withClient } from '../../src/sinks/postgres/connection/client.ts';
import { resetDatabase } from '../../src/sinks/postgres/commands/reset.ts';
import { createStoredCheck } from '../../src/sources/extraction/stored-check.ts';
import type { TimePlan } from '../../src/domain/plan/plan-parts.ts';
import type { SourcePlan } from '../../src/domain/plan/source-plan.ts';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import { flipByte, foldersIn, journalIn, sealedFile, source, writePart } from '../unit/store/journal/journal-folder.ts';
import { sealDay } from '../../src/store/journal/folder/seal-day.ts';
import { attempt, batchOf, record } from './batches.ts';
import { servers } from './servers.ts';

const day = '2026-11-01';

describe.each(servers)('compareDay on $name', ({ server }) => {
  let database: TestDatabase;
  let folder: string;
  beforeAll(async () => {
    database = await createDatabase(server);
  });
  afterAll(async () => database.drop());
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'daybook-verify-'))));
  afterEach(async () => {
    rmSync(folder, { recursive: true, force: true });
    await resetDatabase(database.settings, false);
  });

  let minute = 10;
  /** Writes records to both, as a run does. */
  async function store(...records: SpooledRecord[]): Promise<void> {
    await attempt(database.pool, batchOf(source, records), records);
    writePart(folder, `${minute++}0000000`, records);
  }
  const compare = (some: Partial<DayToCompare> = {}) =>
    withClient(database.settings, (client) =>
      compareDay({
        client,
        schema: 'public',
        journal: journalIn(folder),
        day,
        window: windowOfDay(day),
        source: null,
        sample: null,
        check: async (rows) => rows.map(() => null),
        onProgress: () => {},
        ...some,
      }),
    );
  const found = ({ findings }: ComparedDay) =>
    Object.entries(findings).map(([kind, { count, keys }]) => [kind, count, keys]);

  test('finds nothing if everything is as written, with any format of payloads', async () => {
    const odd = ['say "hi", 🦊', 'two\nlines', "it's", 'c:\\'].map((id) => record(id, day, JSON.stringify({ id })));
    await store(record('a', day, '{"b":1e2,"a":[1.10,-0,{"z":null}],"b":100}'), record('b', '2026-11-02'), ...odd);
    await store(record('edited', day, '{"v":1}'));
    await store(record('edited', day, '{"v":2}'), record('moved', '2026-11-02'));
    await store(record('moved', day));
    expect(await compare()).toEqual({
      day,
      source: null,
      consistent: true,
      findings: {},
      damaged: [],
      csv: {
        lines: 8,
        keys: 7,
      },
      postgres: {
        rows: 6,
        payloads: 6,
      },
      storedOnOtherDays: 1,
      skipped: {
        timeRule: 6,
        schema: 6,
      },
    });
    await sealDay(foldersIn(folder), source, '2026-11-23', {
      signal: new AbortController().signal,
      onProgress: () => {},
    });
    expect(await compare({ source })).toMatchObject({ consistent: true, csv: { lines: 6 } });
    expect(await compare({ sample: 2 })).toMatchObject({ consistent: true, postgres: { rows: 6, payloads: 2 } });
  });

  test.each([
    ['a row deleted by hand', `delete from raw_events where source_id = 'a'`, [['deleted_rows', 1, ['news/a']]]],
    [
      'a row deleted with its key',
      `with gone as (delete from raw_events where source_id = 'a') delete from raw_event_keys where source_id = 'a'`,
      [['missing_rows', 1, ['news/a']]],
    ],
    [
      'a row written by hand',
      `insert into raw_events (source, source_id, occurred_at, payload) values ('news', 'new', '2026-11-01', '{}')`,
      [
        ['rows_without_csv', 1, ['news/new']],
        ['wrong_keys', 1, ['news/new']],
      ],
    ],
    [
      'a key of another day',
      `update raw_event_keys set occurred_at = '2026-11-02' where source_id = 'a'`,
      [['wrong_keys', 1, ['news/a']]],
    ],
    [
      'a row that is there twice',
      `insert into raw_events (source, source_id, occurred_at, payload)
       select source, source_id, occurred_at, payload from raw_events where source_id = 'a'`,
      [['doubled_rows', 1, ['news/a']]],
    ],
    [
      'a payload that was changed',
      `update raw_events set payload = '{"id": "A"}' where source_id = 'a'`,
      [['different_payload', 1, ['news/a']]],
    ],
    [
      'a time that was changed by a microsecond',
      `with k as (update raw_event_keys set occurred_at = occurred_at + interval '1us' where source_id = 'a')
       update raw_events set occurred_at = occurred_at + interval '1us' where source_id = 'a'`,
      [['different_time', 1, ['news/a: stored is 2026-11-01 12:00:00.000001+00']]],
    ],
  ])('finds %s', async (_what, sql, findings) => {
    await store(record('a'), record('b'));
    await database.rows(sql);
    const compared = await compare();
    expect(found(compared)).toEqual(findings);
    expect(compared.consistent).toBe(false);
    expect(found(await compare({ sample: 10 }))).toEqual(findings);
  });

  test('ends with what fails while rows are read, and names values with any character', async () => {
    const long = Array.from({ length: 3_000 }, (_, n) =>
      record(`${n}\t\\N\b`, day, JSON.stringify({ text: 'x\\"\n'.repeat(500) })),
    );
    await store(...long);
    expect(await compare()).toMatchObject({ consistent: true, postgres: { rows: 3_000, payloads: 3_000 } });
    const failing = compare({ check: () => Promise.reject(new Error('a rule failed')) });
    await expect(failing).rejects.toThrow('a rule failed');
    await database.rows(`update raw_events set payload = '{}' where source_id like '7\t%'`);
    expect(found(await compare())).toEqual([['different_payload', 1, ['news/7\t\\N\b']]]);
  });

  test('names twenty keys of each kind, and counts all', async () => {
    writePart(
      folder,
      '100000000',
      Array.from({ length: 2_500 }, (_, n) => record(String(n), day)),
    );
    const { findings } = await compare();
    expect(findings.missing_rows?.count).toBe(2_500);
    expect(findings.missing_rows?.keys.length).toBe(20);
  });

  test('applies the time rule and schema of the source to what is stored', async () => {
    const rule = (time: Partial<TimePlan>) => {
      const occurredAt: TimePlan = { path: 'at', format: 'iso8601', timezone: 'UTC', onMissing: 'reject', ...time };
      const plan = { occurredAt, limits: { maxAheadMs: 86_400_000 } } as SourcePlan;
      const check = createStoredCheck(plan, (payload) => ('x' in (payload as object) ? null : 'has no x'));
      return async (rows: readonly RowToCheck[]) => rows.map(({ payload, stored }) => check(payload, stored));
    };
    await store(
      record('right', `${day}T10:00:00.123456Z`, '{"at":"2026-11-01T10:00:00.123456Z","x":1}'),
      record('wrong', `${day}T10:00:00.000000Z`, '{"at":"2026-11-01T11:00:00Z","x":1}'),
      record('missing', day, '{}'),
    );
    const { findings } = await compare({ check: rule({}) });
    expect(findings).toEqual({
      time_rule: {
        count: 2,
        keys: [
          'news/wrong: the payload has 2026-11-01T11:00:00.000000Z, the row has 2026-11-01T10:00:00.000000Z',
          'news/missing: no value at occurred_at "at"',
        ],
      },
      schema: { count: 1, keys: ['news/missing: has no x'] },
    });
    const lenient = await compare({ check: rule({ path: null, onMissing: 'fetched_at' }) });
    expect(lenient.skipped).toEqual({ timeRule: 3, schema: 0 });
  });

  test('names a damaged file, and refuses a day that is retired', async () => {
    await store(record('a'));
    await sealDay(foldersIn(folder), source, '2026-11-23', {
      signal: new AbortController().signal,
      onProgress: () => {},
    });
    flipByte(sealedFile(folder), 30);
    const compared = await compare();
    expect(compared.consistent).toBe(false);
    expect(compared.damaged).toEqual([expect.stringMatching(/2026-11-23\.csv\.gz line/)]);
    writeFileSync(sealedFile(folder), '');
    expect((await compare()).damaged).toHaveLength(1);
    await database.rows(`update raw_event_floor set retired_before = '2026-11-02'`);
    await database.rows('drop table raw_events_2026_11_01');
    await expect(compare()).rejects.toThrow(/2026-11-01 is retired .*restore --day 2026-11-01/);
  });

  test('compares a day below the floor that is in raw_events: one that was restored, or put back', async () => {
    await store(record('a'));
    await database.rows(`update raw_event_floor set retired_before = '2026-11-02'`);
    expect(await compare()).toMatchObject({ consistent: true, postgres: { rows: 1 } });
    await database.rows(`delete from raw_events where source_id = 'a'`);
    expect(found(await compare())).toEqual([['deleted_rows', 1, ['news/a']]]);
  });

  test('canonicalJson and jsonb agree on what is equal', async () => {
    const number = fc.oneof(
      fc.integer().map(String),
      fc.constantFrom(
        '-0',
        '0.0',
        '1e2',
        '100',
        '100.0',
        '1E+2',
        '0.1',
        '1e-1',
        '12345678901234567890',
        '12345678901234567891',
        '0.30000000000000004',
        '1e400',
        '10e399',
      ),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    );
    const text = fc.constantFrom('a', 'b', '', '\\u0041', 'A', 'é', '\\n', '\\/', '/').map((inner) => `"${inner}"`);
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        number,
        text,
        fc.constantFrom('true', 'false', 'null'),
        fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(' , ')}]`),
        fc
          .array(fc.tuple(text, tie('value')), { maxLength: 3 })
          .map((members) => `{${members.map(([k, v]) => `${k}: ${String(v)}`).join()}}`),
      ),
    }));
    const pairs = fc.sample(fc.tuple(value, value), 3_000);
    const same = pairs.map(([a]) => [a, a.replaceAll(' ', '')] as [string, string]);
    const close: [string, string][] = [
      ...([
        ['1', '-1'],
        ['1', '"1"'],
        ['1e-7', '0.0000001'],
        ['[1,2]', '[2,1]'],
        ['[1,[2]]', '[[1],2]'],
      ] as const),
      ...([
        ['{"a":1,"b":2}', '{"b":2,"a":1}'],
        ['{"a":1,"a":2}', '{"a":2}'],
        ['{"a":null}', '{}'],
      ] as const),
      ...([
        ['9007199254740993', '9007199254740992'],
        ['{"a,b":1}', '{"a":1}'],
        ['["a,b"]', '["a","b"]'],
      ] as const),
    ].map(([one, other]) => [one, other]);
    const all = [...pairs, ...same, ...close];
    const { rows } = await database.pool.query<{ same: boolean; printed: string }>(
      `select a::jsonb = b::jsonb as same, a::jsonb::text as printed from unnest($1::text[], $2::text[]) with ordinality as p(a, b, n) order by n`,
      [all.map(([a]) => a), all.map(([, b]) => b)],
    );
    for (const [index, [a, b]] of all.entries()) {
      expect(canonicalJson(a) === canonicalJson(b), `${a} ${b}`).toEqual(rows[index]?.same);
      expect(canonicalJson(a)).toBe(canonicalJson(rows[index]?.printed ?? ''));
    }
  });
});
