import { describe, expect, test } from 'vitest';
import type { FetchBatchResult } from '../../../src/activities/run/fetch-batch.ts';
import { RunFetches } from '../../../src/workflows/scrape-run/run-fetches.ts';
import type { RunSnapshot } from '../../../src/workflows/scrape-run/run-snapshot.ts';

const ref = { source: 'comments', workflowId: 'scrape-comments', firstRunId: 'run' };

/** After which of so many fetches the state is to be saved; the last one ends the poll. */
function saves(plan: object, count: number): number[] {
  const snapshot = { plan, position: null, nextNumber: 0 } as unknown as RunSnapshot;
  const fetches = new RunFetches(ref, snapshot, {} as never);
  const due: number[] = [];
  for (let fetch = 1; fetch <= count; fetch++) {
    const position = fetch === count ? null : {};
    fetches.continueAfter({ position, nextNumber: fetch } as FetchBatchResult);
    if (fetches.isSaveDue) due.push(fetch);
  }
  return due;
}

describe('the state of a run is saved in mid-run', () => {
  test('after some fetches of a for_each, also where they brought no batch', () => {
    expect(saves({ forEach: { type: 'source', source: 'issues' } }, 9)).toEqual([3, 6]);
  });

  test('by its batches alone where the source is requested once', () => {
    expect(saves({}, 9)).toEqual([]);
  });
});
