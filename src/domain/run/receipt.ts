import type { ParentTally } from '../state/fan-out.ts';
import type { StateSummary } from '../state/source-state.ts';
import type { Warning } from './warning.ts';
import { sinks } from './sink.ts';

/** What a sink did with the accepted records; the fields add up to `accepted`. */
export interface SinkCounts {
  readonly written: number;
  /** csv: repeats inside a batch; postgres: keys that were stored before. */
  readonly duplicate: number;
  /** Dead letters by the sink. */
  readonly refused: number;
  /** Records for retired days. */
  readonly expired: number;
  readonly deferred: number;
}

export const noCounts: SinkCounts = { written: 0, duplicate: 0, refused: 0, expired: 0, deferred: 0 };

/** What a fetch found, before the sinks. */
export interface FetchCounts {
  readonly fetched: number;
  readonly accepted: number;
  /** Dead letters before the sinks. */
  readonly rejected: number;
  /** Same key and content as in the previous poll. */
  readonly unchanged: number;
  /** Left out by `filter`. Absent: none. */
  readonly filtered?: number;
  /** Accepted records in which a character was replaced. */
  readonly repaired: number;
  readonly pages: number;
}

/** The counts of a run so far. */
export interface Tally extends FetchCounts {
  readonly batches: number;
  readonly csv: SinkCounts;
  readonly postgres: SinkCounts;
}

export const emptyTally: Tally = {
  fetched: 0,
  accepted: 0,
  rejected: 0,
  unchanged: 0,
  repaired: 0,
  pages: 0,
  batches: 0,
  csv: noCounts,
  postgres: noCounts,
};

/** How a run may end, except `failed`; the first that applies. */
export const outcomes = ['rate_limited', 'deferred', 'partial', 'empty', 'unchanged', 'ok'] as const;
export type Outcome = (typeof outcomes)[number];

/** The reconciled counts of a run: its result, and a blob of the store. */
export interface Receipt {
  readonly source: string;
  readonly outcome: Outcome;
  readonly fetched: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly unchanged: number;
  /** Left out by `filter`. Absent in receipts of 0.2.0: none. */
  readonly filtered?: number;
  readonly repaired: number;
  readonly csv: SinkCounts;
  readonly postgres: SinkCounts;
  readonly pages: number;
  readonly batches: number;
  /** What the next run starts from, free of secrets. */
  readonly resume: StateSummary;
  readonly workflowId: string;
  readonly runId: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Absent if there is none. */
  readonly warnings?: readonly Warning[];
  /** The window that a backfill asked for; absent in a poll. */
  readonly window?: { readonly from: string; readonly to: string };
}

/** What is stored about a failed run. */
export interface FailedReceipt extends Omit<Receipt, 'outcome'> {
  readonly outcome: 'failed';
  readonly error: { readonly type: string; readonly message: string };
}

export function addFetch(tally: Tally, fetch: FetchCounts): Tally {
  const filtered = filteredOf(tally) + filteredOf(fetch);
  return {
    ...tally,
    ...(filtered > 0 ? { filtered } : {}),
    fetched: tally.fetched + fetch.fetched,
    accepted: tally.accepted + fetch.accepted,
    rejected: tally.rejected + fetch.rejected,
    unchanged: tally.unchanged + fetch.unchanged,
    repaired: tally.repaired + fetch.repaired,
    pages: tally.pages + fetch.pages,
  };
}

/** Records that `filter` left out. */
export function filteredOf({ filtered = 0 }: Pick<FetchCounts, 'filtered'>): number {
  return filtered;
}

export function addCounts(a: SinkCounts, b: SinkCounts): SinkCounts {
  return {
    written: a.written + b.written,
    duplicate: a.duplicate + b.duplicate,
    refused: a.refused + b.refused,
    expired: a.expired + b.expired,
    deferred: a.deferred + b.deferred,
  };
}

export function sumCounts(counts: SinkCounts): number {
  return counts.written + counts.duplicate + counts.refused + counts.expired + counts.deferred;
}

/** Describes where the counts of a finished run do not add up, or null. */
export function imbalance(tally: Tally): string | null {
  const { fetched, accepted, rejected, unchanged } = tally;
  const filtered = filteredOf(tally);
  if (fetched !== accepted + rejected + unchanged + filtered) {
    return `fetched ${fetched} is not accepted ${accepted} + rejected ${rejected} + unchanged ${unchanged} + filtered ${filtered}`;
  }
  for (const sink of sinks) {
    const settled = sumCounts(tally[sink]);
    if (settled !== accepted) return `${sink} settled ${settled} records of ${accepted} accepted`;
  }
  return null;
}

/** What decides the outcome besides the counts. */
export interface RunEnd {
  readonly rateLimited: boolean;
  /** The run stopped at `max_pages` although more pages follow. */
  readonly cutShort: boolean;
  /** The source answered 304, or a file has nothing new. */
  readonly notModified: boolean;
}

/** The first outcome that applies, in the order of `outcomes`. */
export function outcomeOf(tally: Tally, end: RunEnd): Outcome {
  if (end.rateLimited) return 'rate_limited';
  if (tally.csv.deferred > 0 || tally.postgres.deferred > 0) return 'deferred';
  if (tally.rejected > 0 || tally.postgres.refused > 0 || end.cutShort) return 'partial';
  if (tally.fetched === 0 && !end.notModified) return 'empty';
  if (tally.fetched > 0 && filteredOf(tally) === tally.fetched) return 'ok';
  return tally.accepted === tally.postgres.duplicate ? 'unchanged' : 'ok';
}

/** The share of rejects above which a run fails counts from this many fetched records on. */
const rejectRatioFloor = 20;

/** Records that became dead letters, before the sinks or in PostgreSQL. */
export function deadLetters(tally: Tally): number {
  return tally.rejected + tally.postgres.refused;
}

/** Whether a poll had records, and each of them became a dead letter. */
export function allRejected(tally: Tally | Receipt | FailedReceipt): boolean {
  return tally.fetched > 0 && deadLetters(tally) === tally.fetched;
}

/** @param parents of the run: those that failed are no records, and have a share of their own */
export function exceedsRejectRatio(tally: Tally, maxRejectRatio: number, parents?: ParentTally): boolean {
  const failed = parents?.failed ?? 0;
  const fetched = tally.fetched - failed;
  return isAbove(deadLetters(tally) - failed, fetched, maxRejectRatio);
}

/** Whether so many parents of a run failed that the run does. */
export function exceedsFailedParents({ asked, failed }: ParentTally, maxRejectRatio: number): boolean {
  return isAbove(failed, asked, maxRejectRatio);
}

function isAbove(rejected: number, all: number, maxRatio: number): boolean {
  return all >= rejectRatioFloor && rejected / all > maxRatio;
}
