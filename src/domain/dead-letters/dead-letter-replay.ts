import { noCounts, type SinkCounts } from '../run/receipt.ts';
import type { Sink } from '../run/sink.ts';
import type { RejectionReason } from './rejection.ts';

/** Which dead letters of a source are to be replayed; each field narrows it. */
export interface DeadLetterSelection {
  readonly ids?: readonly string[];
  readonly reason?: RejectionReason;
  /** Workflow id or run id of the run that refused them. */
  readonly run?: string;
}

/** What a replay is going to process, in pages of bounded size. */
export interface ReplayPlan {
  /** Names its blobs; another attempt has its own blobs. */
  readonly name: string;
  readonly pages: number;
  readonly letters: number;
}

/** The outcome of dead letters that were extracted again. */
export interface ExtractCounts {
  /** Extracted now: they go to the sinks. */
  readonly passed: number;
  /** Left out by `filter` now: they are no dead letters any more. Absent in what 0.2.0 counted: none. */
  readonly filtered?: number;
  /** Refused again, with the present reason. */
  readonly refused: number;
  /** The stored text is not what the source sent: only the source can deliver them again. */
  readonly unreplayable: number;
  /** Parents that the next run of the source requests again; absent = none. */
  readonly queued?: number;
  readonly reasons: Readonly<Partial<Record<RejectionReason, number>>>;
}

/** The counts of a replay so far. */
export interface DeadLetterReplayTally extends ExtractCounts {
  /** All that were to be replayed. */
  readonly letters: number;
  readonly batches: number;
  readonly csv: SinkCounts;
  readonly postgres: SinkCounts;
}

/** The result of a replay. */
export interface ReplayResult {
  readonly source: string;
  readonly letters: number;
  /**
   * No longer dead letters: their records are stored now, were stored before, are of retired days, or wait for a sink; or they are parents
   * that are queued.
   */
  readonly replayed: number;
  /** Parents that the next run of the source requests again; absent = none. */
  readonly queued?: number;
  readonly written: number;
  readonly duplicate: number;
  readonly expired: number;
  /** Records that wait for a sink. */
  readonly deferred: number;
  /** Still dead letters, by the rules as they are now or by PostgreSQL. */
  readonly refused: number;
  /** Why. */
  readonly reasons: Readonly<Partial<Record<RejectionReason, number>>>;
  readonly unreplayable: number;
  /** Left out by `filter` now. Absent: none. */
  readonly filtered?: number;
  readonly workflowId: string;
  readonly runId: string;
}

const nothing = { passed: 0, refused: 0, unreplayable: 0, reasons: {} };

export function emptyReplay(letters: number): DeadLetterReplayTally {
  return { letters, ...nothing, batches: 0, csv: noCounts, postgres: noCounts };
}

export function addExtracted(tally: DeadLetterReplayTally, counts: ExtractCounts): DeadLetterReplayTally {
  return {
    ...tally,
    passed: tally.passed + counts.passed,
    filtered: (tally.filtered ?? 0) + (counts.filtered ?? 0),
    refused: tally.refused + counts.refused,
    unreplayable: tally.unreplayable + counts.unreplayable,
    ...queuedOf((tally.queued ?? 0) + (counts.queued ?? 0)),
    reasons: addReasons(tally.reasons, counts.reasons),
  };
}

export function replayResult(
  source: string,
  tally: DeadLetterReplayTally,
  run: { readonly workflowId: string; readonly firstRunId: string },
): ReplayResult {
  const { letters, passed, filtered = 0, unreplayable, csv, postgres, queued = 0 } = tally;
  const { written, duplicate, expired, refused } = postgres;
  return {
    source,
    letters,
    replayed: passed - refused + queued,
    ...queuedOf(queued),
    written,
    duplicate,
    expired,
    deferred: Math.max(csv.deferred, postgres.deferred),
    refused: tally.refused + refused,
    reasons: addReasons(tally.reasons, refused > 0 ? { unstorable: refused } : {}),
    unreplayable,
    ...(filtered > 0 ? { filtered } : {}),
    workflowId: run.workflowId,
    runId: run.firstRunId,
  };
}

function queuedOf(queued: number): Pick<ExtractCounts, 'queued'> {
  return queued > 0 ? { queued } : {};
}

/** Why batches of a replay wait, by sink. */
export type DeferredBecause = Readonly<Partial<Record<Sink, string>>>;

function addReasons(a: ExtractCounts['reasons'], b: ExtractCounts['reasons']): ExtractCounts['reasons'] {
  const sum: Partial<Record<RejectionReason, number>> = { ...a };
  for (const [reason, count] of Object.entries(b) as [RejectionReason, number][]) {
    sum[reason] = (sum[reason] ?? 0) + count;
  }
  return sum;
}
