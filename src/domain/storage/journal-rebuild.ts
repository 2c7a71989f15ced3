import type { TimeRangeText } from '../time/backfill-windows.ts';

/** Which rows are to be in the journal again. */
export interface RebuildSelection {
  /** Null = all sources. */
  readonly source: string | null;
  /** Of `occurred_at`; null = all times. */
  readonly window: TimeRangeText | null;
}

/** The result of a rebuild. `rows` is the sum of the four below it. */
export interface RebuildCounts {
  /** Rows that PostgreSQL has of what was chosen. */
  readonly rows: number;
  /** Written into the journal now. */
  readonly written: number;
  /** Their keys were in the journal already. */
  readonly present: number;
  /** Of batches that are on their way to the journal: it gets them from there. */
  readonly waiting: number;
  /** Ingested before `csv.retention` begins: the next rollover would delete them again. */
  readonly expired: number;
  /** Files that were written. */
  readonly parts: number;
}

export interface RebuildTally extends RebuildCounts {
  readonly sources: number;
  /** Sources whose journal could not be rebuilt, and why; no more than 50 of them. */
  readonly failed: readonly string[];
  readonly failedCount: number;
}

export const nothingRebuilt: RebuildCounts = { rows: 0, written: 0, present: 0, waiting: 0, expired: 0, parts: 0 };

/** Maximum number of failures described in words. */
const maxFailures = 50;

export function addRebuilt(tally: RebuildTally, counts: RebuildCounts): RebuildTally {
  const sums = Object.fromEntries(
    (Object.keys(nothingRebuilt) as (keyof RebuildCounts)[]).map((name) => [name, tally[name] + counts[name]]),
  ) as unknown as RebuildCounts;
  return { ...tally, ...sums, sources: tally.sources + 1 };
}

export function addFailure(tally: RebuildTally, message: string): RebuildTally {
  const failed = [...tally.failed, message].slice(0, maxFailures);
  return { ...tally, failed, failedCount: tally.failedCount + 1 };
}
