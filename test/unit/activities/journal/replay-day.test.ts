import { renameSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ActivityDependencies } from '../../../../src/activities/support/dependencies.ts';
import { createReplayDay } from '../../../../src/activities/journal/replay-day.ts';
import { noCounts } from '../../../../src/domain/run/receipt.ts';
import { noopMetrics } from '../../../../src/domain/run/metrics.ts';
import type { JournalReplayTally } from '../../../../src/domain/storage/journal.ts';
import { SinkUnavailable } from '../../../../src/domain/errors.ts';
import type { StorageWriter } from '../../../../src/sinks/storage-writer.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { activityEnvironment } from '../environment.ts';
import { record } from '../../sinks/records.ts';
import { day, journalIn, source, writePart } from '../../store/journal/journal-folder.ts';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';

const folder = useTemporaryFolder();
const perPart = 7_000;
const choice = { source: null, window: null, archives: false };

/** Writes two parts, and replays them with a writer that fails after some batches. */
async function replay(place: unknown, failAfter = Number.POSITIVE_INFINITY) {
  const batches: string[][] = [];
  const tokens: string[] = [];
  const postgres: StorageWriter = {
    sink: 'postgres',
    probe: async () => {},
    async write(batch, records) {
      if (batches.length === failAfter) throw new SinkUnavailable('away');
      batches.push(records.map(({ sourceId }) => sourceId));
      tokens.push(`${batch.firstRunId}/${batch.number}/${batch.hash}`);
      return { counts: { ...noCounts, written: records.length }, refused: [] };
    },
  };
  const store = createDirectoryStore(folder.path);
  const dependencies = {
    postgres,
    store,
    journal: journalIn(folder.path),
    config: { current: () => ({ config: { sources: [] } }) },
    measures: noopMetrics,
  } as unknown as ActivityDependencies;
  const environment = activityEnvironment(dependencies, { heartbeatDetails: place });
  const replayDay = createReplayDay(dependencies);
  const input = { unit: { kind: 'day', source, day } as const, choice, firstRunId: 'run' };
  const result = await environment.run(replayDay, input).catch((error: unknown) => error as Error);
  return { batches, tokens, result: result as JournalReplayTally };
}

const write = () =>
  ['10', '11'].map((hour) =>
    writePart(
      folder.path,
      `${hour}0000000`,
      Array.from({ length: perPart }, (_, n) => record(`${hour}-${n}`)),
    ),
  );
const nameOf = (path: string) => path.slice(path.indexOf(`${source}/`));
const tally = { units: 1, records: perPart, postgres: { ...noCounts, written: perPart }, damaged: [], damagedCount: 0 };

describe('replayDay', () => {
  test('writes each file in batches, in order of ingestion', async () => {
    write();
    const { batches, result } = await replay(undefined);
    expect(batches.map((ids) => [ids.length, ids[0]])).toEqual([
      [5_000, '10-0'],
      [2_000, '10-5000'],
      [5_000, '11-0'],
      [2_000, '11-5000'],
    ]);
    expect(result).toEqual({ ...tally, records: 2 * perPart, postgres: { ...noCounts, written: 2 * perPart } });
  });

  test.each([
    ['within a file', 0, 5_000, ['10-5000', '11-0', '11-5000']],
    ['at the end of a file', 0, perPart, ['11-0', '11-5000']],
    ['within the last file', 1, 5_000, ['11-5000']],
    ['at the very end', 1, perPart, []],
  ])('continues from a position %s, with the earlier counts', async (_what, part, rows, firsts) => {
    const file = nameOf(write()[part] ?? '');
    const { batches, result } = await replay({ file, rows, tally });
    expect(batches.map((ids) => ids[0])).toEqual(firsts);
    expect(result.records).toBe(perPart + batches.flat().length);
  });

  test('starts again if the file of its position was sealed since', async () => {
    const [first = ''] = write();
    const moved = first.replace('T100000000Z', 'T095959999Z');
    renameSync(first, moved);
    const { batches, result } = await replay({ file: nameOf(first), rows: 5_000, tally });
    expect(batches.flat().length).toEqual(2 * perPart);
    expect(result.records).toEqual(2 * perPart);
  });

  test('builds the same batches again, so that PostgreSQL recognizes them', async () => {
    write();
    const all = await replay(undefined);
    const failed = await replay(undefined, 2);
    expect(failed.result).toMatchObject({ type: 'SinkUnavailable' });
    expect(failed.tokens).toEqual(all.tokens.slice(0, 2));
    expect(new Set(all.tokens).size).toBe(4);
  });
});
