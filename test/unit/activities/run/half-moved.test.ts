import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ActivityDependencies } from '../../../../src/activities/support/dependencies.ts';
import { createPlanJournalReplay } from '../../../../src/activities/journal/plan-journal-replay.ts';
import { createRebuildJournal } from '../../../../src/activities/journal/rebuild-journal.ts';
import { createReplayDay } from '../../../../src/activities/journal/replay-day.ts';
import { createSealCsv } from '../../../../src/activities/rollover/seal-csv.ts';
import { noopMetrics } from '../../../../src/domain/run/metrics.ts';
import { noCounts } from '../../../../src/domain/run/receipt.ts';
import { createLocalCompute } from '../../../../src/sources/compute/compute.ts';
import { createCsvWriter } from '../../../../src/sinks/csv/csv-writer.ts';
import type { StorageWriter } from '../../../../src/sinks/storage-writer.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { writeIdRule } from '../../../../src/store/run/id-rules.ts';
import { journalPaths, storePaths } from '../../../../src/store/paths/paths.ts';
import { batchOf, context } from '../../../postgres/batches.ts';
import { activityEnvironment } from '../environment.ts';
import { record } from '../../sinks/records.ts';
import { foldersIn, journalIn } from '../../store/journal/journal-folder.ts';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';

const folder = useTemporaryFolder();
const day = '2026-11-20';
const before = `${day}T12:00:00.000Z`;
const store = () => createDirectoryStore(folder.path);
const everything = { source: null, window: null, archives: true };

/** `moved` has new ids, those of `half` and `damaged` are partly moved, or it is unknown. */
beforeEach(async () => {
  await writeIdRule(store(), 'moved', { id: ['n'], before, done: true });
  await writeIdRule(store(), 'half', { id: ['n'], before, done: false });
  await store().put(storePaths.idRule.build({ source: 'damaged' }), '{');
  const csv = createCsvWriter(createDirectoryStore(foldersIn(folder.path).csv), journalPaths);
  const rows = [record('1')];
  for (const source of ['damaged', 'half', 'moved', 'plain']) {
    await csv.write(batchOf(source, rows, { ingestedAt: `${day}T10:00:00.000Z` }), rows, context);
  }
});

function setUp() {
  const stored: string[] = [];
  const postgres: StorageWriter = {
    sink: 'postgres',
    probe: async () => {},
    async write({ source }, records) {
      stored.push(...records.map(({ sourceId }) => `${source} ${sourceId}`));
      return { counts: { ...noCounts, written: records.length }, refused: [] };
    },
  };
  const dependencies = {
    postgres,
    store: store(),
    journal: journalIn(folder.path),
    compute: createLocalCompute(),
    config: {
      current: () => ({
        config: {
          sources: [],
          csv: { retention: null },
          dead_letters: { retention: null },
        },
      }),
    },
    measures: noopMetrics,
    searchAttribute: () => false,
  } as unknown as ActivityDependencies;
  const run = <Input, Result>(activity: (input: Input) => Promise<Result>, input: Input): Promise<Result> =>
    activityEnvironment(dependencies).run(activity, input);
  return { stored, dependencies, run };
}

const half =
  /^rekey: the ids of half are only partly moved.* pause half and run the command again, with half and its id "n" in the/;
const damaged =
  /^store: id-rules\/damaged.json is not valid JSON.*pause damaged, delete the file, and run .\/daybook rekey/;

describe('sources whose ids are only partly moved', () => {
  test('are left out of a replay of all sources, which says so and replays the others', async () => {
    const { run, dependencies } = setUp();
    const plan = createPlanJournalReplay(dependencies);
    const planned = await run(plan, { choice: everything, after: null });
    expect(planned).toEqual({
      units: ['moved', 'plain'].map((source) => ({
        kind: 'day',
        source,
        day,
      })),
      more: 0,
      searchAttribute: false,
      leftOut: [expect.stringMatching(damaged), expect.stringMatching(half)],
    });
    const [after = null] = planned.units;
    expect(await run(plan, { choice: everything, after })).not.toHaveProperty('leftOut');
  });

  test('are left out when an archive is restored', async () => {
    const { run, dependencies, stored } = setUp();
    const { archives } = foldersIn(folder.path);
    mkdirSync(archives);
    const rows = ['damaged', 'half', 'moved', 'plain'].map(
      (source) => `1,${source},old,2026-11-01 00:00:00+00,"{""n"":""new""}",2026-11-01 00:00:00+00,f`,
    );
    const text = ['id,source,source_id,occurred_at,payload,created_at,processed', ...rows, ''].join('\n');
    writeFileSync(join(archives, '2026-11-01.csv.gz'), gzipSync(text));
    const unit = { kind: 'archive', day: '2026-11-01' } as const;
    const tally = await run(createReplayDay(dependencies), { unit, choice: everything, firstRunId: 'run' });
    expect(stored).toEqual(['moved new', 'plain old']);
    expect(tally).toMatchObject({ records: 2, damagedCount: 0 });
  });

  test.each([
    ['half', { type: 'RekeyUnfinished', message: expect.stringMatching(half) as string, nonRetryable: true }],
    ['damaged', { type: 'DamagedFile', message: expect.stringMatching(damaged) as string, nonRetryable: true }],
  ])('are not replayed, and their journal is not rebuilt: %s', async (source, failure) => {
    const { run, dependencies } = setUp();
    const choice = { ...everything, source };
    const rebuild = createRebuildJournal(dependencies);
    const unit = { kind: 'day', source, day } as const;
    await expect(run(createPlanJournalReplay(dependencies), { choice, after: null })).rejects.toMatchObject(failure);
    await expect(
      run(createReplayDay(dependencies), { unit, choice: everything, firstRunId: 'run' }),
    ).rejects.toMatchObject(failure);
    await expect(run((input) => rebuild.planRebuild(input), choice)).rejects.toMatchObject(failure);
    await expect(run((input) => rebuild.rebuildSource(input), { source, window: null })).rejects.toMatchObject(failure);
  });

  test('are not sealed: a line could be mistaken for one already sealed', async () => {
    const { run, dependencies } = setUp();
    expect(await run(createSealCsv(dependencies), { dryRun: true })).toMatchObject({
      sealed: [`moved ${day}`, `plain ${day}`],
    });
    await run(createSealCsv(dependencies), { dryRun: false });
    const sealed = readdirSync(foldersIn(folder.path).csv, { recursive: true }) as string[];
    expect(sealed.filter((name) => name.endsWith('.gz')).sort()).toEqual([
      `moved/${day}.csv.gz`,
      `plain/${day}.csv.gz`,
    ]);
  });
});
