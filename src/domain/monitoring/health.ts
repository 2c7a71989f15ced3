import { allRejectedMessage } from './alert.ts';
import { formatDuration } from '../time/duration.ts';
import { allRejected, type FailedReceipt, type Receipt } from '../run/receipt.ts';

export type Health = 'ok' | 'late' | 'failing' | 'paused' | 'deferred' | 'never_ran';

/** From worst to best: the order in which they are shown. */
export const healths: readonly Health[] = ['failing', 'late', 'deferred', 'never_ran', 'paused', 'ok'];

/** Sorts sources by health, the worst first, then by name. */
export function troubledFirst(
  a: { readonly health: Health; readonly name: string },
  b: { readonly health: Health; readonly name: string },
): number {
  const byHealth = healths.indexOf(a.health) - healths.indexOf(b.health);
  return byHealth === 0 ? (a.name < b.name ? -1 : 1) : byHealth;
}

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
  /** The active run; null = none, or unknown. Times are ISO 8601. */
  readonly running: { readonly workflowId: string; readonly dueAt: string } | null;
  /** Why its starts are late, in words; null = they are not, or unknown. */
  readonly startProblem: string | null;
  /** What prevents all runs from ending, in words: the store cannot be written; null = nothing known. */
  readonly storageProblem: string | null;
  /** The message of the open alert `all_rejected`; null = there is none. */
  readonly refusing: string | null;
  /** When the current series of failed runs began; null = unknown. */
  readonly failingSince: string | null;
  readonly now: Date;
}

export interface HealthVerdict {
  readonly health: Health;
  readonly reason: string | null;
  /** Since when this is so; if unknown, when the last run ended. Null if there was none. */
  readonly since: string | null;
}

/** How many intervals may pass before a source is late. */
const lateAfterRuns = 3;
const lateAtLeastMs = 120_000;
/** The minimum time that a run of a frequent source may take. */
const overrunAtLeastMs = 30_000;

/** The health of a source, derived from its last receipt and its schedule. */
export function healthOf({
  lastReceipt,
  waiting,
  paused,
  everyMs,
  missed,
  running,
  refusing,
  failingSince,
  startProblem,
  storageProblem,
  now,
}: HealthFacts): HealthVerdict {
  const since = lastReceipt?.finishedAt ?? null;
  if (paused) return { health: 'paused', reason: paused.reason, since };
  // A cancelled run does not show the health of its source.
  if (lastReceipt?.outcome === 'failed' && lastReceipt.error.type !== 'Cancelled') {
    const { type, message } = lastReceipt.error;
    return { health: 'failing', reason: `${type}: ${message}`, since: failingSince ?? since };
  }
  const refused = lastReceipt && refusedReason(lastReceipt, refusing);
  if (refused !== null) return { health: 'failing', reason: refused, since: failingSince ?? since };
  if (waiting) {
    const { batches, since: waitsSince, reason } = waiting;
    return {
      health: 'deferred',
      reason: `${batches} ${batches === 1 ? 'deferred batch' : 'deferred batches'} since ${waitsSince}: ${reason}`,
      since: waitsSince,
    };
  }
  const overrun = overrunReason({ lastReceipt, running, everyMs, missed, storageProblem, now });
  if (overrun !== null) return { health: 'late', reason: overrun, since: running?.dueAt ?? since };
  if (!lastReceipt) return { health: 'never_ran', reason: startProblem, since };
  const silentMs = now.getTime() - Date.parse(lastReceipt.finishedAt);
  if (startProblem !== null) return { health: 'late', reason: startProblem, since };
  const isOverdue = everyMs === null ? (missed ?? 0) >= lateAfterRuns : silentMs > everyMs * lateAfterRuns;
  if (isOverdue && silentMs > lateAtLeastMs) {
    const silent = `no run has ended for ${formatDuration(Math.floor(silentMs / 1000) * 1000)}`;
    return { health: 'late', reason: storageProblem === null ? silent : `${silent}: ${storageProblem}`, since };
  }
  return { health: 'ok', reason: null, since };
}

/**
 * Why a source is late although its run is in progress: the run takes longer than until the next one is due. It counts from when it
 * was due, not from when the one before ended.
 */
function overrunReason({
  lastReceipt,
  running,
  everyMs,
  missed,
  storageProblem,
  now,
}: Pick<HealthFacts, 'lastReceipt' | 'running' | 'everyMs' | 'missed' | 'storageProblem' | 'now'>): string | null {
  if (!running) return null;
  // If runs overlap, others have ended in the meantime.
  if (lastReceipt && Date.parse(lastReceipt.finishedAt) > Date.parse(running.dueAt)) return null;
  const lastingMs = now.getTime() - Date.parse(running.dueAt);
  // Of a cron line: its own time is among those that were missed.
  const isLonger = everyMs === null ? (missed ?? 0) >= 2 : lastingMs > everyMs;
  if (!isLonger || lastingMs <= overrunAtLeastMs) return null;
  const lasting = formatDuration(Math.floor(lastingMs / 1000) * 1000);
  const reason = `the run that was due at ${running.dueAt}, ${lasting} ago, has not ended: ${running.workflowId}`;
  return storageProblem === null ? reason : `${reason}; ${storageProblem}`;
}

/** Why a source fails although its runs end. A poll without records, such as a 304, changes nothing about the one before. */
function refusedReason(receipt: Receipt | FailedReceipt, refusing: string | null): string | null {
  if (receipt.fetched === 0 || receipt.outcome === 'failed') return refusing;
  return allRejected(receipt) ? allRejectedMessage(receipt) : null;
}
