import type { FailedReceipt, Receipt } from './receipt.ts';
import type { SourceState } from '../state/source-state.ts';

/** What is known of the latest run of a source, without looking at each of its receipts. */
export interface LastRun {
  /** Of the latest run, also where that left no blob. */
  readonly receipt: Receipt | FailedReceipt;
  /** The state of the source after it; null = it had none, or that is not known. */
  readonly state: RunState | null;
  /** When the last run that did not fail, and was not rate limited, ended; null = none is known. */
  readonly succeededAt: string | null;
  /** When the latest run ended whose receipt is a blob; null = none is known. */
  readonly storedAt: string | null;
  /** Unchanged polls since then, which left no blob; null = none. */
  readonly unchanged: UnchangedPolls | null;
}

export interface UnchangedPolls {
  readonly count: number;
  /** When the first of them ended. */
  readonly since: string;
}

/** What readers need of the state of a source. */
export interface RunState {
  /** See `SourceState`; 0 = no command has changed it. */
  readonly epoch: number;
  readonly watermark: string | null;
  /** Failed runs one after the other. */
  readonly failures: number;
  readonly lastNewAt: string | null;
}

/** A run that has ended. */
export interface EndedRun {
  readonly receipt: Receipt | FailedReceipt;
  /** The state of the source after it; null = it has none. */
  readonly state: SourceState | null;
}

/**
 * Whether a poll changed nothing, so that its receipt need not be kept: no record was sent to a sink, and there is nothing to report. A
 * window of a backfill is always kept.
 */
export function isUnchangedPoll({ outcome, accepted, rejected, batches, warnings, window }: Receipt | FailedReceipt) {
  const isQuiet = accepted + rejected + batches === 0 && (warnings ?? []).length === 0;
  return outcome === 'unchanged' && isQuiet && window === undefined;
}

export function isSuccess({ outcome }: Receipt | FailedReceipt): boolean {
  return outcome !== 'failed' && outcome !== 'rate_limited';
}

export function runStateOf({ epoch = 0, watermark, failures, lastNewAt }: SourceState): RunState {
  return { epoch, watermark, failures: failures?.count ?? 0, lastNewAt };
}

/** What the stored receipt of a run says alone. */
export function runOf(receipt: Receipt | FailedReceipt): LastRun {
  const { finishedAt } = receipt;
  const succeededAt = isSuccess(receipt) ? finishedAt : null;
  return { receipt, state: null, succeededAt, storedAt: finishedAt, unchanged: null };
}

/** What is known after a run. May be repeated: a run counts once. @param before null = nothing was known */
export function afterRun(before: LastRun | null, { receipt, state }: EndedRun): LastRun {
  const isRepeated = before?.receipt.runId === receipt.runId && before.receipt.workflowId === receipt.workflowId;
  const isUnchanged = isUnchangedPoll(receipt);
  const ended = receipt.finishedAt;
  const run: LastRun = {
    receipt,
    state: state && runStateOf(state),
    succeededAt: isSuccess(receipt) ? ended : null,
    storedAt: isUnchanged ? (state?.receiptAt ?? null) : ended,
    unchanged: isUnchanged ? { count: 1, since: ended } : null,
  };
  if (before === null) return run;
  return isRepeated && isUnchanged
    ? { ...mergeRuns(before, run), unchanged: before.unchanged }
    : mergeRuns(before, run);
}

/** What two workers know of a source, taken together: the latest run counts, and all unchanged polls since the last stored receipt. */
export function mergeRuns(a: LastRun, b: LastRun): LastRun {
  const newer = a.receipt.finishedAt <= b.receipt.finishedAt ? b : a;
  const storedAt = later(a.storedAt, b.storedAt);
  return {
    receipt: newer.receipt,
    // An older state says nothing about a run that came later.
    state: newer.state,
    succeededAt: later(a.succeededAt, b.succeededAt),
    storedAt,
    unchanged: sum(unchangedSince(a, storedAt), unchangedSince(b, storedAt)),
  };
}

/**
 * The unchanged polls after a time. Who counted them may not have known of that time: if it is between the first and the last of them,
 * those after it are estimated from how often there was one.
 */
export function unchangedSince({ receipt, unchanged }: LastRun, time: string | null): UnchangedPolls | null {
  if (unchanged === null || time === null || time < unchanged.since) return unchanged;
  const [first, last, at] = [unchanged.since, receipt.finishedAt, time].map((text) => Date.parse(text));
  if (first === undefined || last === undefined || at === undefined || last <= at) return null;
  const share = (last - at) / (last - first);
  return { count: Math.max(1, Math.floor(unchanged.count * share)), since: time };
}

function sum(a: UnchangedPolls | null, b: UnchangedPolls | null): UnchangedPolls | null {
  if (a === null || b === null) return a ?? b;
  return { count: a.count + b.count, since: a.since < b.since ? a.since : b.since };
}

function later(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return a > b ? a : b;
}
