import { formatDuration } from './duration.ts';
import type { FailedReceipt, Receipt } from './receipt.ts';

export type Health = 'ok' | 'late' | 'failing' | 'paused' | 'deferred' | 'never_ran';

/** What is known of a source. */
export interface HealthFacts {
  readonly lastReceipt: Receipt | FailedReceipt | null;
  /** Batches that wait for a sink, and why; null = none. */
  readonly waiting: { readonly batches: number; readonly since: string; readonly reason: string } | null;
  /** Null = its schedule is not paused. */
  readonly paused: { readonly reason: string | null } | null;
  /** How often it is to run; null = unknown, or by command only. */
  readonly everyMs: number | null;
  /** Times it was due since the last run ended, where the schedule tells; null = unknown. */
  readonly missed: number | null;
  /** When the first of the runs failed that have done so since; null = unknown. */
  readonly failingSince: string | null;
  readonly now: Date;
}

export interface HealthVerdict {
  readonly health: Health;
  readonly reason: string | null;
  /** Since when it is so; where that is not known, when the last run ended. Null where there was none. */
  readonly since: string | null;
}

/** Runs of patience before a source that runs every so often is late. */
const lateAfterRuns = 3;
const lateAtLeastMs = 120_000;

/** The health of a source, from its last receipt and its schedule. */
export function healthOf({
  lastReceipt,
  waiting,
  paused,
  everyMs,
  missed,
  failingSince,
  now,
}: HealthFacts): HealthVerdict {
  const since = lastReceipt?.finishedAt ?? null;
  if (paused) return { health: 'paused', reason: paused.reason, since };
  // A run that someone cancelled says nothing of its source.
  if (lastReceipt?.outcome === 'failed' && lastReceipt.error.type !== 'Cancelled') {
    const { type, message } = lastReceipt.error;
    return { health: 'failing', reason: `${type}: ${message}`, since: failingSince ?? since };
  }
  if (waiting) {
    const { batches, since: waitsSince, reason } = waiting;
    return {
      health: 'deferred',
      reason: `${batches} ${batches === 1 ? 'batch waits' : 'batches wait'} since ${waitsSince}: ${reason}`,
      since: waitsSince,
    };
  }
  if (!lastReceipt) return { health: 'never_ran', reason: null, since };
  const silentMs = now.getTime() - Date.parse(lastReceipt.finishedAt);
  const isOverdue = everyMs === null ? (missed ?? 0) >= lateAfterRuns : silentMs > everyMs * lateAfterRuns;
  if (isOverdue && silentMs > lateAtLeastMs) {
    return {
      health: 'late',
      reason: `no run has ended for ${formatDuration(Math.floor(silentMs / 1000) * 1000)}`,
      since,
    };
  }
  return { health: 'ok', reason: null, since };
}
