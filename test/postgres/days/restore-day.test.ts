import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ArchiveRefused, SinkUnavailable } from '../../../src/domain/errors.ts';
import { countRows, forgetRows } from '../../../src/sinks/postgres/commands/forget-rows.ts';
import { listPartitions } from '../../../src/sinks/postgres/days/partitions.ts';
import { restoreDay, releaseRestoredDay } from '../../../src/sinks/postgres/days/restore-day.ts';
import { resetDatabase } from '../../../src/sinks/postgres/commands/reset.ts';
import { retireDays, type RetirementStep } from '../../../src/sinks/postgres/days/retire-days.ts';
import { createDatabase, type TestDatabase } from '../../support/servers/database.ts';
import { ArchiveFolder } from './archive-folder.ts';
import { attempt, batchOf, record, rejection } from '../batches.ts';
import { servers } from '../servers.ts';

const day = '2026-10-01';

describe.each(servers)('restoreDay on $name', ({ server }) => {
  let database: TestDatabase;
  let folder: ArchiveFolder;
  beforeEach(async () => {
    database = await createDatabase(server);
    folder = new ArchiveFolder();
    await write('news', [
      record('a', `${day}T00:00:00.000000Z`, '{"b":1,"a":[1.50,null,"\\u00e9\\n\\""]}'),
      record('b\n"', `${day}T12:00:00.000001Z`, '{"n":12345678901234567890.123}'),
      record('c,"', `${day}T23:59:59.999999Z`, '"text"'),
    ]);
    await database.rows(`update raw_events set processed = true where source_id = 'a'`);
  });
  afterEach(async () => {
    await database.drop();
    folder.remove();
  });

  const write = (source: string, content: Parameters<typeof attempt>[2]) =>
    attempt(database.pool, batchOf(source, content), content);
  const everything = () =>
    database.rows(
      `select e.*::text as row, k.occurred_at::text as key from raw_events e
       left join raw_event_keys k on k.source = e.source and k.source_id = e.source_id order by e.id`,
    );
  const retire = (keptFrom: string | null = '2026-10-02') =>
    retireDays({
      owner: database.settings,
      archives: folder.archives,
      keptFrom,
      signal: new AbortController().signal,
      onStep: () => undefined,
    });
  /** As if killed before a step. */
  const retireUntil = (killBefore: RetirementStep) => {
    const abort = new AbortController();
    return retireDays({
      owner: database.settings,
      archives: folder.archives,
      keptFrom: '2026-10-02',
      signal: abort.signal,
      onStep: (step) => {
        if (step === killBefore) abort.abort(new Error('killed'));
        abort.signal.throwIfAborted();
      },
    });
  };
  const restore = () => restoreDay({ owner: database.settings, archives: folder.archives, day });

  test('restores every column of every row, keys too, and no rollover retires it before it is released', async () => {
    const before = await everything();
    await retire();
    expect(await everything()).toEqual([]);
    expect(await restore()).toEqual({
      day,
      outcome: 'restored',
      archives: [`archives/${day}.csv.gz`],
      rows: 3,
      restored: 3,
      damage: null,
    });
    expect(await everything()).toEqual(before);
    expect(await restore()).toMatchObject({ rows: 3, restored: 0 });
    expect((await retire()).retired).toEqual([]);
    expect(await everything()).toEqual(before);
    expect(await releaseRestoredDay(database.settings, day)).toBe(true);
    expect(await releaseRestoredDay(database.settings, day)).toBe(false);
    // The same content needs no second archive.
    expect((await retire()).retired).toEqual([{ day, rows: 3, archive: `archives/${day}.csv.gz` }]);
    expect(await everything()).toEqual([]);
  });

  test('accepts late records of the day; retired again, both archives restore everything', async () => {
    await retire();
    expect((await write('news', [record('late', day)])).counts).toMatchObject({ expired: 1, written: 0 });
    await restore();
    expect((await write('news', [record('late', day), record('a', day)])).counts).toMatchObject({
      written: 1,
      duplicate: 1,
      expired: 0,
    });
    await database.rows(`delete from raw_events where source_id = 'a'`);
    await database.rows(`delete from raw_event_keys where source_id = 'a'`);
    await database.rows(`update raw_events set processed = true`);
    await releaseRestoredDay(database.settings, day);
    expect((await retire()).retired).toEqual([{ day, rows: 3, archive: `archives/${day}.2.csv.gz` }]);
    expect(await restore()).toMatchObject({ rows: 6, restored: 4 });
    const rows = await database.rows('select source_id, processed::text from raw_events order by 1');
    expect(rows.map(({ source_id, processed }) => [source_id, processed])).toEqual([
      ['a', 'true'],
      ['b\n"', 'true'],
      ['c,"', 'true'],
      ['late', 'true'],
    ]);
    expect(await database.count('select count(*) from raw_event_keys')).toBe(4);
  });

  test('stores no key twice that was stored again under another time, and restores rows whose keys were left', async () => {
    await retire();
    await write('news', [record('a', '2026-10-05')]);
    await database.rows(`insert into raw_event_keys values ('news', 'c,"', '${day}T23:59:59.999999Z')`);
    expect(await restore()).toMatchObject({ rows: 3, restored: 2 });
    expect(await database.count('select count(*) from raw_events')).toBe(3);
    expect(await database.count('select count(*) from raw_event_keys')).toBe(3);
    expect(await database.count(`select count(*) from raw_events where source_id = 'a'`)).toBe(1);
  });

  test('refuses an archive with a flipped byte, and changes nothing', async () => {
    await retire();
    folder.flip(day);
    const error = await rejection(restore());
    expect(error).toBeInstanceOf(ArchiveRefused);
    expect(error.message).toMatch(/archives\/2026-10-01\.csv\.gz.*no row was changed/);
    expect(await listPartitions(database.pool, 'public')).toEqual([]);
    expect(await database.count('select count(*) from raw_event_days')).toBe(0);
  });

  test('refuses a day that has no archive and is not retired, naming those that have', async () => {
    expect((await rejection(restore())).message).toMatch(
      /2026-10-01 has no archive.*not retired.*there are no archives/,
    );
    await retire();
    const other = restoreDay({ owner: database.settings, archives: folder.archives, day: '2026-10-09' });
    expect((await rejection(other)).message).toMatch(/archives of 2026-10-01/);
    expect(await database.count('select count(*) from raw_event_days')).toBe(0);
  });

  test('opens a retired day without an archive: it takes records again, and no rollover retires it', async () => {
    await retire();
    const empty = '2026-09-09';
    const open = () => restoreDay({ owner: database.settings, archives: folder.archives, day: empty });
    expect((await write('news', [record('e', empty)])).counts).toMatchObject({ expired: 1 });
    expect(await open()).toMatchObject({ outcome: 'opened_empty', archives: [], restored: 0, damage: null });
    expect((await write('news', [record('e', empty)])).counts).toMatchObject({ written: 1, expired: 0 });
    expect(await open()).toMatchObject({ outcome: 'kept' });
    expect((await retire()).retired).toEqual([]);
    expect(await database.count(`select count(*) from raw_events where source_id = 'e'`)).toBe(1);
  });

  test('opens no empty day if an archive has no manifest', async () => {
    await retire();
    folder.removeManifest(day);
    expect((await rejection(restore())).message).toMatch(/2026-10-01\.csv\.gz has no manifest.*move the archive/);
    expect(await listPartitions(database.pool, 'public')).toEqual([]);
    expect(await database.count('select count(*) from raw_event_days')).toBe(0);
  });

  test.each([
    ['before its archive was written', 'archive', false],
    ['with an archive', 'prune', false],
    ['with an archive that is damaged', 'prune', true],
  ] as const)('opens a day that was reattached %s: it accepts records again', async (_what, step, isDamaged) => {
    const damaged = expect.stringMatching(/2026-10-01\.csv\.gz/) as string;
    await rejection(retireUntil(step));
    expect((await retire(null)).putBack).toEqual([day]);
    if (isDamaged) folder.flip(day);
    const before = await everything();
    expect((await write('news', [record('late', day)])).counts).toMatchObject({ expired: 1 });
    expect(await restore()).toMatchObject({
      outcome: step === 'prune' && !isDamaged ? 'restored' : 'kept',
      restored: 0,
      damage: isDamaged ? damaged : null,
    });
    expect(await everything()).toEqual(before);
    expect((await write('news', [record('late', day)])).counts).toMatchObject({ written: 1, expired: 0 });
    expect((await retire()).retired).toEqual([]);
  });

  test('keeps a day that comes into a database whose floor is below it', async () => {
    await retire();
    await resetDatabase(database.settings, true);
    await restore();
    expect((await retire()).retired).toEqual([]);
    expect(await database.count('select count(*) from raw_events')).toBe(3);
  });

  test('refuses a day that is half retired', async () => {
    await rejection(retireUntil('drop'));
    const error = await rejection(restore());
    expect(error).toBeInstanceOf(SinkUnavailable);
    expect(error.message).toMatch(/retirement of .* is incomplete.*partitions maintain/);
    await retire();
    expect(await restore()).toMatchObject({ restored: 3 });
  });

  test('into a new database continues ids after the restored ones', async () => {
    await retire();
    const highest = await database.count(`select last_value from raw_events_id_seq`);
    await database.rows(`select setval('raw_events_id_seq', 1, false)`);
    await restore();
    await write('news', [record('new', '2026-10-09')]);
    expect(await database.count('select max(id) from raw_events')).toBe(highest + 1);
    expect(await database.count('select count(distinct id) from raw_events')).toBe(4);
  });

  test('forgotten rows may be stored again; keys without rows are removed too', async () => {
    await write('other', [record('x', day), record('y', '2026-10-02')]);
    await database.rows(`delete from raw_events where source_id = 'c,"'`);
    const forget = (what: { day: string | null; source: string | null }) =>
      forgetRows(database.settings, what, () => undefined);
    expect(await forget({ day, source: 'news' })).toEqual({ rows: 2, keys: 3, sources: ['news'] });
    expect(await forget({ day, source: 'news' })).toEqual({ rows: 0, keys: 0, sources: [] });
    expect((await write('news', [record('c,"', day, '{}')])).counts.written).toBe(1);
    expect(await forget({ day, source: null })).toEqual({ rows: 2, keys: 2, sources: ['news', 'other'] });
    expect(await forget({ day: null, source: 'other' })).toEqual({ rows: 1, keys: 1, sources: ['other'] });
    expect(await database.count('select count(*) from raw_event_keys')).toBe(0);
  });

  test.each(['detach', 'archive', 'prune', 'drop'] as const)(
    'of a day that is half retired, killed before %s, nothing is forgotten: rows would outlive their keys',
    async (step) => {
      await write('other', [record('x', '2026-10-02')]);
      await rejection(retireUntil(step));
      const keys = await database.count('select count(*) from raw_event_keys');
      for (const what of [
        { day, source: null },
        { day, source: 'news' },
        { day: null, source: 'news' },
      ]) {
        const error = await rejection(forgetRows(database.settings, what, () => undefined));
        expect(error.message).toMatch(/^forget: the retirement of 2026-10-01 is incomplete.*partitions maintain/);
        expect((await rejection(countRows(database.settings, what))).message).toBe(error.message);
      }
      expect(await database.count('select count(*) from raw_event_keys')).toBe(keys);
      const other = forgetRows(database.settings, { day: null, source: 'other' }, () => undefined);
      expect(await other).toMatchObject({ rows: 1, keys: 1 });
      await retire();
      expect(await restore()).toMatchObject({ restored: 3 });
      const again = forgetRows(database.settings, { day, source: 'news' }, () => undefined);
      expect(await again).toMatchObject({ rows: 3, keys: 3 });
    },
  );

  test('many rows and keys are forgotten in batches, each of them', async () => {
    const many = Array.from({ length: 45_000 }, (_, n) => record(`k${n}`, n % 2 ? day : '2026-10-02'));
    await write('many', many);
    await database.rows(`delete from raw_events where source = 'many' and id % 3 = 0`);
    const rows = await database.count(`select count(*) from raw_events where source = 'many'`);
    let batches = 0;
    expect(await forgetRows(database.settings, { day: null, source: 'many' }, () => batches++)).toEqual({
      rows,
      keys: 45_000,
      sources: ['many'],
    });
    expect(batches).toBe(6);
    expect(await database.count('select count(*) from raw_event_keys')).toBe(3);
  });
});
