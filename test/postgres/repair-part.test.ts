import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { compareDay } from '../../src/verify/compare-day.ts';
import { windowOfDay } from '../../src/cli/options/journal-selection.ts';
import type { SpooledRecord } from '../../src/domain/run/record.ts';
import { createCsvWriter } from '../../src/sinks/csv/csv-writer.ts';
import { withClient } from '../../src/sinks/postgres/connection/client.ts';
import { resetDatabase } from '../../src/sinks/postgres/commands/reset.ts';
import { rowsSince } from '../../src/sinks/postgres/commands/rows-since.ts';
import { readBatch, spoolRecords } from '../../src/store/delivery/batches.ts';
import { createDirectoryStore } from '../../src/store/blobs/directory-store.ts';
import { findPart } from '../../src/store/journal/find-part.ts';
import { partFile } from '../../src/store/journal/folder/folder-files.ts';
import { repairPart, type RepairedPart } from '../../src/store/journal/repair-part.ts';
import { sealDay } from '../../src/store/journal/folder/seal-day.ts';
import { journalPaths } from '../../src/store/paths/paths.ts';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import {
  day,
  foldersIn,
  journalIn,
  manifest,
  sealedRows,
  source,
  writeOldPart,
  writePart,
} from '../unit/store/journal/journal-folder.ts';
import { attempt, batchOf, context, record, records } from './batches.ts';
import { servers } from './servers.ts';

const { signal } = new AbortController();

describe.each(servers)('a damaged part of the journal, with $name', ({ server }) => {
  let database: TestDatabase;
  let folder: string;
  beforeAll(async () => {
    database = await createDatabase(server);
  });
  afterAll(async () => database.drop());
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'daybook-repair-'))));
  afterEach(async () => {
    rmSync(folder, { recursive: true, force: true });
    await resetDatabase(database.settings, false);
  });

  const store = () => createDirectoryStore(folder);
  const nameOf = (path: string) => path.slice(join(folder, 'csv').length + 1);
  const repair = (path: string): Promise<RepairedPart> =>
    withClient(database.settings, async (client) =>
      repairPart(
        {
          journal: journalIn(folder),
          store: store(),
          signal,
          rowsSince: (of, since) => rowsSince(client, 'public', of, since),
        },
        partFile(join(folder, 'csv'), nameOf(path)),
        journalPaths.part.parse(nameOf(path))!,
      ),
    );
  const seal = () => sealDay(foldersIn(folder), source, day, { signal, onProgress: () => {} });
  /** Stores records in both, as a run does; returns the part's path. */
  async function write(time: string, content: readonly SpooledRecord[], part = writePart): Promise<string> {
    await attempt(database.pool, batchOf(source, content), content);
    return part(folder, time, content);
  }
  const cut = (path: string) => {
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.slice(0, text.lastIndexOf('\n', text.length / 2) + 1));
  };
  const compare = () =>
    withClient(database.settings, (client) =>
      compareDay({
        client,
        schema: 'public',
        journal: journalIn(folder),
        day: '2026-11-01',
        window: windowOfDay('2026-11-01'),
        source: null,
        sample: null,
        check: async (rows) => rows.map(() => null),
        onProgress: () => {},
      }),
    );

  test.each([
    ['of this version', writePart, 100],
    // What is left of one whose name does not say what it held looks whole.
    ['of 0.2.0, with NULs', writeOldPart, null],
  ])(
    '%s is written again from PostgreSQL: each key that is stored is in the journal',
    async (_what, part, expected) => {
      const first = await write('080000000', records(100), part);
      await write('090000000', records(120).slice(50));
      cut(first);
      if (expected === null) writeFileSync(first, readFileSync(first, 'utf8').replace('news,1,', '\0\0\0\0,1,'));
      const damaged = readFileSync(first);
      await expect(seal()).rejects.toThrow(/repair-csv|NUL/);
      const repaired = await repair(first);
      // Fifty of its keys are in the other part.
      expect(repaired).toMatchObject({ part: nameOf(first), from: 'postgres', records: 50, expected });
      expect(repaired.written).toEqual([
        expect.stringMatching(/^news\/2026-11-23\/20261123T080000000Z-\w{16}-50-\w{16}\.csv$/),
      ]);
      expect(repaired.kept).toBe(`damaged/csv/${nameOf(first)}`);
      expect(await store().get(repaired.kept ?? '')).toEqual(damaged);
      expect(await seal()).toBe(true);
      expect(manifest(folder)).toMatchObject({ rows: 120, parts: 2 });
      expect(manifest(folder).unverified).toBeUndefined();
      expect(new Set(sealedRows(folder).map((row) => row['source_id'])).size).toBe(120);
      expect(await compare()).toMatchObject({ consistent: true });
    },
  );

  test('is written again as it was, while its batch is in the spool', async () => {
    const run = { source, workflowId: 'scrape/news', firstRunId: 'run' };
    const accepted = ['a', 'b', 'a'].map((sourceId, n) => ({
      sourceId,
      occurredAt: 1_793_000_000_000_000n,
      payload: `{"n": ${n}}`,
      repaired: false,
      timeFromRecord: true,
    }));
    const [batch] = await spoolRecords(store(), run, 4, accepted, new Date(`${day}T10:00:00.000Z`));
    const csv = createCsvWriter(createDirectoryStore(join(folder, 'csv')), journalPaths);
    await csv.write(batch!, await readBatch(store(), batch!), context);
    const part = await findPart(journalIn(folder), batch!);
    const before = readFileSync(part!.path);
    cut(part!.path);
    const repaired = await repair(part!.path);
    expect(repaired).toMatchObject({ from: 'spool', records: 2, expected: 2, written: [part!.name] });
    expect(readFileSync(part!.path)).toEqual(before);
  });

  test('beside another one: the first repair restores the keys of both, and each may be repeated', async () => {
    const paths = [await write('080000000', records(30)), await write('090000000', records(60).slice(30))];
    for (const path of paths) cut(path);
    expect(await repair(paths[0]!)).toMatchObject({ records: 60 });
    expect(await repair(paths[1]!)).toMatchObject({ from: 'postgres', records: 0, written: [] });
    expect(await seal()).toBe(true);
    expect(manifest(folder)).toMatchObject({ rows: 60 });
  });

  test('of more records than a part holds is written in several', async () => {
    const path = await write('080000000', records(6_000));
    cut(path);
    const { written, records: count } = await repair(path);
    expect(written.length).toBe(2);
    expect(count).toBe(6_000);
    await seal();
    expect(manifest(folder)).toMatchObject({ rows: 6_000 });
  });

  test('keeps records that only it has, as far as they can be read, and says how many', async () => {
    const refused = ['{"a": 1}', '{"b": 2}', '{"c": 3}'].map((payload, n) => record(`refused-${n}`, day, payload));
    const path = writePart(folder, '080000000', [...refused, ...records(3)]);
    await attempt(database.pool, batchOf(source, records(3)), records(3));
    writeFileSync(path, readFileSync(path, 'utf8').replace('""c"": 3', '""c"": '));
    expect(await repair(path)).toMatchObject({ records: 5, unchecked: 2, expected: 6 });
    await seal();
    expect(new Set(sealedRows(folder).map((row) => row['source_id']))).toEqual(
      new Set(['0', '1', '2', 'refused-0', 'refused-1']),
    );
  });

  test('that is undamaged is left alone', async () => {
    const path = await write('080000000', records(3));
    expect(await repair(path)).toMatchObject({ from: null, records: 0, kept: null });
    expect(await store().list('damaged')).toEqual([]);
  });

  test('leaves rows alone that were stored before: their files may have been deleted by csv.retention', async () => {
    const path = await write('080000000', records(3));
    const old = records(2, 'old');
    await attempt(database.pool, batchOf(source, old), old);
    await database.rows(`update raw_events set created_at = '2026-11-01' where source_id like 'old%'`);
    cut(path);
    expect(await repair(path)).toMatchObject({ records: 3 });
  });
});
