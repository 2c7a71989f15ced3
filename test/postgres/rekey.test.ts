import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { compareDay } from '../../src/verify/compare-day.ts';
import { windowOfDay } from '../../src/cli/options/journal-selection.ts';
import { moveIds } from '../../src/cli/commands/source/move-ids.ts';
import type { SpooledRecord } from '../../src/domain/run/record.ts';
import type { SourcePlan } from '../../src/domain/plan/source-plan.ts';
import { initialState } from '../../src/domain/state/source-state.ts';
import { createCsvWriter } from '../../src/sinks/csv/csv-writer.ts';
import { withClient } from '../../src/sinks/postgres/connection/client.ts';
import { restoreDay } from '../../src/sinks/postgres/days/restore-day.ts';
import { retireDays } from '../../src/sinks/postgres/days/retire-days.ts';
import { createLocalCompute } from '../../src/sources/compute/compute.ts';
import { createIdsOf } from '../../src/sources/compute/stored-ids.ts';
import { createArchives } from '../../src/store/journal/archives.ts';
import type { BlobStore } from '../../src/store/blobs/blob-store.ts';
import { createDirectoryStore } from '../../src/store/blobs/directory-store.ts';
import { deleteIdRule, readIdRule } from '../../src/store/run/id-rules.ts';
import { journalFoldersIn } from '../../src/store/journal/folder/folder-files.ts';
import { createFolderJournal } from '../../src/store/journal/folder/folder-journal.ts';
import { sealDay } from '../../src/store/journal/folder/seal-day.ts';
import { journalPaths } from '../../src/store/paths/paths.ts';
import { assertRekeyFinished } from '../../src/activities/run/rekey-guard.ts';
import { readState, writeState } from '../../src/store/run/states.ts';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import { csvRows } from '../support/csv-rows.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { attempt, batchOf, context } from './batches.ts';
import { servers } from './servers.ts';

const source = 'orders';
const days = ['2026-11-01', '2026-11-02', '2026-11-03'];

/** One that is stored by `n`, and may be stored by another key of its payload. */
function order(n: number, payload: object, day = days[n % 3] ?? ''): SpooledRecord {
  return {
    sourceId: String(n),
    occurredAt: `${day}T0${n % 10}:00:00.000000Z`,
    payload: JSON.stringify({ n, ...payload }),
  };
}

const idsOf = (...id: string[]) => createIdsOf(createLocalCompute(), source, id);

describe.each(servers)('rekey on $name', ({ server }) => {
  let database: TestDatabase;
  let folder: string;
  beforeEach(async () => {
    database = await createDatabase(server);
    folder = mkdtempSync(join(tmpdir(), 'daybook-rekey-'));
  });
  afterEach(async () => {
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  const store = () => createDirectoryStore(folder);
  const folders = () => journalFoldersIn(folder, folder);
  const archives = () => createArchives(store());
  const rekey = (
    id: readonly string[],
    dryRun = false,
    onProgress: (text: string) => void = () => {},
    refuseOpen = async () => {},
    into: BlobStore = store(),
  ) =>
    moveIds({
      owner: database.settings,
      store: into,
      journal: createFolderJournal(folders()),
      dryRun,
      idsOf: idsOf(...id),
      plan: {
        name: source,
        id,
        shapeFingerprint: `shape of ${id.join()}`,
      } as unknown as SourcePlan,
      onProgress,
      refuseOpen,
    });
  /** Stores records in both sinks, as a run does. */
  async function write(ingestedAt: string, content: readonly SpooledRecord[]): Promise<void> {
    const batch = batchOf(source, content, { ingestedAt });
    await attempt(database.pool, batch, content);
    await createCsvWriter(createDirectoryStore(folders().csv), journalPaths).write(batch, content, context);
  }
  const seal = (day: string) => sealDay(folders(), source, day, { ...context, onProgress: () => {} });
  const rows = () =>
    database.rows(
      `select e.id::text, source_id, occurred_at::text, payload::text, created_at::text, processed::text from raw_events e order by e.id`,
    );
  const keys = () => database.rows('select source_id, occurred_at::text from raw_event_keys order by source_id');
  const names = () =>
    (readdirSync(join(folders().csv, source), { recursive: true }) as string[])
      .filter((name) => /\.csv(\.gz)?$/.test(name))
      .sort();
  const lines = () =>
    names().flatMap((name) => {
      const bytes = readFileSync(join(folders().csv, source, name));
      return csvRows((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString());
    });
  async function expectConsistent(): Promise<void> {
    for (const day of days) {
      const compared = await withClient(database.settings, (client) =>
        compareDay({
          client,
          schema: 'public',
          journal: createFolderJournal(folders()),
          day,
          window: windowOfDay(day),
          source: null,
          sample: null,
          check: async (found) => found.map(() => null),
          onProgress: () => {},
        }),
      );
      expect(compared).toMatchObject({ consistent: true, findings: {} });
    }
  }
  /** As a kill in the middle of it: no row of the day can be updated. */
  async function withBrokenDay(day: string, work: () => Promise<void>): Promise<void> {
    await database.rows(`create function stop() returns trigger language plpgsql as $$ begin
      if old.occurred_at::date = '${day}' then raise exception 'killed'; end if; return new; end $$`);
    await database.rows('create trigger stop before update on raw_events for each row execute function stop()');
    await work();
    await database.rows('drop trigger stop on raw_events; drop function stop()');
  }

  test('moves rows, keys, parts and sealed days; nothing else of a row changes, and nothing is stored again', async () => {
    const orders = [1, 2, 3, 4, 5].map((n) => order(n, { code: `c-${n}`, big: 1 }));
    await write('2026-11-20T10:00:00.000Z', orders.slice(0, 2));
    await seal('2026-11-20');
    await write('2026-11-21T10:00:00.000Z', orders.slice(2));
    // A later version, which PostgreSQL does not take.
    await write('2026-11-22T10:00:00.000Z', [order(5, { code: 'c-5', big: 2 })]);
    await database.rows(`update raw_events set processed = true where source_id in ('2', '5')`);
    await writeState(store(), source, {
      ...initialState({
        fetchFingerprint: 'f',
        shapeFingerprint: 's',
        databaseId: null,
      }),
      previousPoll: ['old'],
      watermark: '2026-11-03T00:00:00.000000Z',
    });
    const before = await rows();
    const dry = await rekey(['code'], true);
    expect(dry).toMatchObject({ moved: 5, refused: false, findings: { rows: 5, moving: 5, days } });
    expect(await rows()).toEqual(before);
    expect(await readIdRule(store(), source)).toBe(null);

    expect(await rekey(['code'])).toMatchObject({ moved: 5, refused: false });
    expect(await rows()).toEqual(before.map((row) => ({ ...row, source_id: `c-${row['source_id']}` })));
    expect((await keys()).map((key) => key['source_id'])).toEqual(['c-1', 'c-2', 'c-3', 'c-4', 'c-5']);
    expect(lines().map((line) => line['source_id'])).toEqual(['c-1', 'c-2', 'c-3', 'c-4', 'c-5', 'c-5']);
    expect(lines().map((line) => line['payload'])).toEqual([
      ...orders.map(({ payload }) => payload),
      order(5, { code: 'c-5', big: 2 }).payload,
    ]);
    await expectConsistent();
    const { state } = await readState(store(), source);
    expect(state).toMatchObject({ id: ['code'], shapeFingerprint: 'shape of code', previousPoll: [] });
    expect(state?.watermark).toBe('2026-11-03T00:00:00.000000Z');
    expect(await readIdRule(store(), source)).toMatchObject({ id: ['code'], done: true });
    const again = orders.map((one) => ({ ...one, sourceId: `c-${one.sourceId}` }));
    expect((await attempt(database.pool, batchOf(source, again), again)).counts).toMatchObject({
      written: 0,
      duplicate: 5,
    });
    expect(await rekey(['code'])).toMatchObject({ moved: 0, refused: false });
  });

  test('workers notice the rule by a new epoch of the state before open runs are looked for', async () => {
    await write('2026-11-20T10:00:00.000Z', [order(1, { code: 'c-1' })]);
    const state = initialState({ fetchFingerprint: 'f', shapeFingerprint: 's', databaseId: null });
    await writeState(store(), source, { ...state, previousPoll: ['old'] });
    await assertRekeyFinished(store(), source, 0);
    const refusal = rekey(['code'], false, undefined, async () => {
      const { state: present, epoch } = await readState(store(), source);
      expect(present).toEqual({ ...state, previousPoll: ['old'], epoch: 1 });
      await expect(assertRekeyFinished(store(), source, epoch)).rejects.toThrow('only partly moved');
      throw new Error('a run is open');
    });
    await expect(refusal).rejects.toThrow('a run is open');
    expect(await readIdRule(store(), source)).toBe(null);
  });

  test('an attempt that was killed before it moved anything leaves the rule as it was, once its ids are refused', async () => {
    const orders = [1, 2].map((n) => order(n, { code: `c-${n}`, same: 'x' }));
    await write('2026-11-20T10:00:00.000Z', orders);
    const killed = async () => {
      const noEpoch = { ...store(), putIfAbsent: () => Promise.reject(new Error('killed')) };
      await expect(rekey(['same'], false, undefined, undefined, noEpoch)).rejects.toThrow('killed');
      expect(await readIdRule(store(), source)).toMatchObject({ id: ['same'], done: false });
      expect(await rekey(['same'])).toMatchObject({ refused: true, moved: 0 });
    };
    await killed();
    expect(await readIdRule(store(), source)).toBe(null);
    expect(await rekey(['code'])).toMatchObject({ refused: false, moved: 2 });
    const rule = await readIdRule(store(), source);
    await killed();
    expect(await readIdRule(store(), source)).toEqual(rule);
    expect((await keys()).map((key) => key['source_id'])).toEqual(['c-1', 'c-2']);
  });

  test('swapped ids, interrupted between ledger, rows and journal: the next attempt completes it', async () => {
    // 1 → 2 → 3 → 4 → 5 → 1, and two days more for each.
    const ring = [1, 2, 3, 4, 5].map((n) => order(n, { next: (n % 5) + 1 }));
    await write('2026-11-20T10:00:00.000Z', ring.slice(0, 3));
    await write('2026-11-20T11:00:00.000Z', ring.slice(3));
    const before = await rows();
    await withBrokenDay('2026-11-02', async () => {
      await expect(rekey(['next'])).rejects.toThrow(/killed.*|ids could not be moved/);
    });
    // The ledger and the first day have moved, the others have not.
    expect(await readIdRule(store(), source)).toMatchObject({ done: false });
    expect((await rows()).filter((row, index) => row['source_id'] !== before[index]?.['source_id'])).toHaveLength(1);
    expect(lines().map((line) => line['source_id'])).toEqual(['1', '2', '3', '4', '5']);
    expect(await rekey(['next'])).toMatchObject({ moved: 4, refused: false });
    expect((await rows()).map((row) => row['source_id'])).toEqual(['2', '3', '4', '5', '1']);
    await expectConsistent();
    expect(lines().map((line) => [JSON.parse(line['payload'] ?? '') as unknown, line['source_id']])).toEqual(
      ring.map((one, index) => [JSON.parse(one.payload), String(((index + 1) % 5) + 1)]),
    );
  });

  test('keys whose rows were deleted are moved once, wherever it is interrupted', async () => {
    // 1 → 2 → 3 → 4 → 5 → 6: each former id is the new one of another record.
    const chain = [1, 2, 3, 4, 5].map((n) => order(n, { next: n + 1 }));
    await write('2026-11-20T10:00:00.000Z', chain.slice(0, 2));
    await seal('2026-11-20');
    await write('2026-11-21T10:00:00.000Z', chain.slice(2));
    await database.rows(`delete from raw_events where source_id in ('1', '2')`);
    const moved = (await keys()).map((key) => ({ ...key, source_id: String(Number(key['source_id']) + 1) }));
    await withBrokenDay('2026-11-02', async () => {
      await expect(rekey(['next'])).rejects.toThrow(/ids could not be moved/);
    });
    expect(await keys()).toEqual(moved);
    const killed = (at: string) => (text: string) => {
      if (text === at) throw new Error('killed');
    };
    for (const at of ['journal of 2026-11-20', 'journal of 2026-11-21']) {
      await expect(rekey(['next'], false, killed(at))).rejects.toThrow('killed');
      expect(await keys()).toEqual(moved);
    }
    expect(await rekey(['next'])).toMatchObject({ refused: false });
    expect(await keys()).toEqual(moved);
    expect((await rows()).map((row) => row['source_id'])).toEqual(['4', '5', '6']);
    expect(lines().map((line) => line['source_id'])).toEqual(['2', '3', '4', '5', '6']);
    // Nothing of it is left: they can be moved again.
    await rekey(['n']);
    expect((await keys()).map((key) => key['source_id'])).toEqual(['1', '2', '3', '4', '5']);
  });

  test('an attempt whose note was deleted is ended by the same `id`, and by no other one', async () => {
    const chain = [1, 2, 3].map((n) => order(n, { next: n + 1, code: `c-${n}` }));
    await write('2026-11-20T10:00:00.000Z', chain);
    await database.rows(`delete from raw_events where source_id = '1'`);
    await withBrokenDay('2026-11-03', async () => {
      await expect(rekey(['next'])).rejects.toThrow(/ids could not be moved/);
    });
    const half = await keys();
    await deleteIdRule(store(), source);
    await expect(rekey(['code'])).rejects.toMatchObject({ type: 'RekeyUnfinished' });
    expect(await keys()).toEqual(half);
    expect(await readIdRule(store(), source)).toBe(null);
    expect(await rekey(['next'])).toMatchObject({ refused: false });
    expect(await keys()).toEqual(half);
    expect((await rows()).map((row) => row['source_id'])).toEqual(['3', '4']);
  });

  test('a journal that a kill left half moved is moved whole', async () => {
    const orders = [1, 2, 3, 4].map((n) => order(n, { code: `c-${n}` }));
    await write('2026-11-20T10:00:00.000Z', orders.slice(0, 2));
    await seal('2026-11-20');
    await write('2026-11-21T10:00:00.000Z', orders.slice(2));
    const path = (name: string) => join(folders().csv, source, name);
    const [part = ''] = names().filter((name) => name.includes('2026-11-21'));
    const kept = [part, '2026-11-20.csv.gz'].map((name, index) => {
      const copy = join(folder, `kept-${index}`);
      copyFileSync(path(name), copy);
      return () => copyFileSync(copy, path(name));
    });
    await rekey(['code']);
    const moved = names();
    expect(moved).not.toContain(part);
    // The manifest is in place, the file is not; the new part is there, the former one too.
    for (const putBack of kept) putBack();
    await rekey(['code']);
    expect(names()).toEqual(moved);
    expect(lines().map((line) => line['source_id'])).toEqual(['c-1', 'c-2', 'c-3', 'c-4']);
    await expectConsistent();
  });

  test('a part is left as it is where another process has taken the lock of the journal', async () => {
    await write('2026-11-20T10:00:00.000Z', [order(1, { code: 'c-1' })]);
    const former = names();
    const lock = join(folders().csv, journalPaths.sealLock.build({ source }));
    const takenOver = (text: string) => {
      if (text.startsWith('journal of')) writeFileSync(lock, 'another/1/token');
    };
    await expect(rekey(['code'], false, takenOver)).rejects.toThrow(/is being sealed by another process/);
    expect(names()).toEqual(former);
    rmSync(lock);
    expect(await rekey(['code'])).toMatchObject({ refused: false });
    expect(lines().map((line) => line['source_id'])).toEqual(['c-1']);
  });

  test('refuses new ids that collide or are missing, in rows or in the journal, and changes nothing', async () => {
    await write('2026-11-20T10:00:00.000Z', [
      order(1, { code: 'same' }),
      order(2, { code: 'same' }),
      order(3, {}),
      order(4, { code: true }),
    ]);
    const before = await rows();
    expect(await rekey(['code'])).toMatchObject({
      refused: true,
      moved: 0,
      findings: {
        collisions: {
          count: 1,
          first: ['same (of 1 and 2)'],
        },
        missing: {
          count: 2,
          first: ['3: no value at id "code"', '4: id "code" is a boolean, expected a string or a number'],
        },
      },
    });
    expect(await rows()).toEqual(before);
    expect(await readIdRule(store(), source)).toBe(null);
    expect(lines().map((line) => line['source_id'])).toEqual(['1', '2', '3', '4']);
    await database.rows('delete from raw_events; delete from raw_event_keys');
    // The journal alone has them still.
    expect(await rekey(['code'])).toMatchObject({
      findings: { rows: 0, collisions: { count: 1 }, missing: { count: 2 } },
    });
  });

  test('a row that was stored again under its new id blocks it; its lines alone do not', async () => {
    const old = order(1, { code: 'c-1' });
    await write('2026-11-20T10:00:00.000Z', [old]);
    await write('2026-11-20T11:00:00.000Z', [{ ...old, sourceId: 'c-1', occurredAt: '2026-11-02T02:00:00.000000Z' }]);
    expect(await rekey(['code'])).toMatchObject({ refused: true, findings: { collisions: { count: 1 } } });
    await database.rows(`delete from raw_events where source_id = 'c-1'`);
    // A key without its row hides a record, and must not be taken by another one.
    expect(await rekey(['code'])).toMatchObject({ findings: { collisions: { count: 1 } } });
    await database.rows(`delete from raw_event_keys where source_id = 'c-1'`);
    expect(await rekey(['code'])).toMatchObject({ refused: false, moved: 1 });
    expect(lines().map((line) => line['source_id'])).toEqual(['c-1', 'c-1']);
  });

  test('rows deleted by hand stay deleted under their new ids', async () => {
    const orders = [1, 2].map((n) => order(n, { code: `c-${n}` }));
    await write('2026-11-20T10:00:00.000Z', orders);
    await database.rows(`delete from raw_events where source_id = '1'`);
    await rekey(['code']);
    const again = orders.map((one) => ({ ...one, sourceId: `c-${one.sourceId}` }));
    expect((await attempt(database.pool, batchOf(source, again), again)).counts).toMatchObject({
      written: 0,
      duplicate: 2,
    });
  });

  test('an earlier archive is restored under the new ids; records stored since by another id keep theirs', async () => {
    const orders = [3, 6, 9].map((n) => order(n, n === 9 ? { code: '' } : { code: `c-${n}` }));
    await write('2026-11-20T10:00:00.000Z', orders);
    const retire = () =>
      retireDays({
        owner: database.settings,
        archives: archives(),
        keptFrom: '2026-11-02',
        signal: context.signal,
        onStep: () => undefined,
      });
    const before = await rows();
    await retire();
    // The journal has one without a new id.
    rmSync(join(folders().csv, source), { recursive: true });
    expect(await rekey(['code'])).toMatchObject({ findings: { rows: 0 }, refused: false });
    const rule = await readIdRule(store(), source);
    const newIds = [{ source, before: rule?.before ?? '', idsOf: idsOf('code') }];
    const restore = () => restoreDay({ owner: database.settings, archives: archives(), day: '2026-11-01', newIds });
    expect(await restore()).toMatchObject({ outcome: 'restored', restored: 3, formerIds: 1 });
    expect(await rows()).toEqual(
      before.map((row) => ({ ...row, source_id: row['source_id'] === '9' ? '9' : `c-${row['source_id']}` })),
    );
    expect((await keys()).map((key) => key['source_id'])).toEqual(['9', 'c-3', 'c-6']);
    const later = { ...order(2, { code: 'c-x' }, '2026-11-01'), sourceId: 'by another id' };
    await attempt(database.pool, batchOf(source, [later]), [later]);
    await database.rows(`delete from raw_event_days`);
    await retire();
    await restore();
    expect((await keys()).map((key) => key['source_id'])).toEqual(['9', 'by another id', 'c-3', 'c-6']);
  });
});

describe.each(servers)('ids of JSON in $name', ({ server }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase(server);
  });
  afterAll(async () => database.drop());

  /** Ids of JSON texts, and of what PostgreSQL makes of them; null if there is none. */
  async function bothIds(id: string, payloads: readonly string[]): Promise<[string | null, string | null][]> {
    const kept = await database.rows(
      'select payload::jsonb::text as text from unnest($1::text[]) with ordinality as t (payload, n) order by n',
      [payloads],
    );
    const found = [payloads, kept.map((row) => String(row['text']))].map(async (texts) =>
      (await idsOf(id)(texts)).map((result) => (result.ok ? result.id : null)),
    );
    const [ofText = [], ofRow = []] = await Promise.all(found);
    return ofText.map((one, index) => [one, ofRow[index] ?? null]);
  }

  test.each([
    ['n', '{"n":1e3}', '1000', '1000'],
    ['n', '{"n":1.0}', '1', '1'],
    ['n', '{"n":-0}', '0', '0'],
    ['n', '{"n":-0.0e2}', '0', '0'],
    ['n', '{"n":1.50E-7}', '0.00000015', '0.00000015'],
    ['n', '{"n":1e30}', `1${'0'.repeat(30)}`, `1${'0'.repeat(30)}`],
    ['n', '{"n":12345678901234567890.10}', '12345678901234567890.10', '12345678901234567890.10'],
    ['n', '{"n":12345678901234567890e2}', null, '1234567890123456789000'],
    ['n', '{"n":1.2345678901234567890e5}', null, '123456.78901234567890'],
    ['n', '{"n":1.5000e-20}', null, '0.000000000000000000015000'],
    ['n', '{"n":"1e3"}', '1e3', '1e3'],
    ['n', '{"n":1,"n":2}', '2', '2'],
    ['n', '{"n":{"b":1}}', null, null],
    ['to_string(n)', '{"n":{"a":1.0,"b":2}}', '{"a":1,"b":2}', '{"a":1,"b":2}'],
    ['to_string(n)', '{"n":{"b":1,"a":2}}', null, '{"a":2,"b":1}'],
    ['to_string(n)', '{"n":{"bb":1,"é":2,"c":3}}', null, '{"c":3,"bb":1,"é":2}'],
    ['keys(@)[0]', '{"long":1,"n":2}', null, 'n'],
    ['keys(@)[0]', '{"b":1,"10":2}', '10', '10'],
    ['keys(@)[0]', '{"__proto__":1,"a":2}', null, 'a'],
    ['[a, b][0]', '{"b":"2","a":"1"}', '1', '1'],
  ])('%s of %s is the same in a row and in a line, or refused', async (id, payload, ofText, ofRow) => {
    expect(await bothIds(id, [payload])).toEqual([[ofText, ofRow]]);
  });

  test('no number and no object has one id in a row and another one in a line', async () => {
    const random = seededRandom(7);
    const upTo = (size: number) => Math.floor(random() * size);
    const digits = (size: number) => Array.from({ length: 1 + upTo(size) }, () => upTo(10)).join('');
    const number = () => {
      const whole = random() < 0.3 ? '0' : `${1 + upTo(9)}${digits(22)}`;
      const fraction = random() < 0.5 ? '' : `.${digits(22)}${'0'.repeat(upTo(4))}`;
      const exponent = random() < 0.4 ? '' : `${random() < 0.5 ? 'e' : 'E'}${['', '+', '-'][upTo(3)]}${upTo(40)}`;
      return (random() < 0.2 ? '-' : '') + whole + fraction + exponent;
    };
    const key = () => ['a', 'b', 'ab', 'é', '1', '10', 'B', '😀', 'aa'][upTo(9)];
    const members = () => Array.from({ length: 1 + upTo(4) }, () => `"${key()}":${number()}`).join();
    for (const id of ['n', 'to_string(o)', 'keys(o)[0]', 'to_string(values(o))']) {
      const payloads = Array.from({ length: 1_500 }, () => `{"n":${number()},"o":{${members()}}}`);
      const both = await bothIds(id, payloads);
      expect(both.filter(([ofText, ofRow]) => ofRow === null || (ofText !== null && ofText !== ofRow))).toEqual([]);
      expect(both.filter(([ofText]) => ofText !== null).length).toBeGreaterThan(100);
    }
  });
});
