/** Runs of a source that failed one after the other. */
export interface FailureStreak {
  readonly count: number;
  /** Scheduled runs wait until then. ISO 8601; null = the next one starts on time. */
  readonly until: string | null;
  /** Why the last one failed. */
  readonly reason: string;
}

const firstDelayMs = 30_000;
/** However long a source fails, it is retried at least this often. */
const maxDelayMs = 15 * 60_000;
const maxReasonLength = 300;

/** The streak after one more failure: the first is forgiven, then the delay doubles up to a quarter of an hour. */
export function nextBackoff(before: FailureStreak | null | undefined, reason: string, now: Date): FailureStreak {
  const count = (before?.count ?? 0) + 1;
  const delayMs = count < 2 ? 0 : Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(count - 2, 10));
  const until = delayMs === 0 ? null : new Date(now.getTime() + delayMs).toISOString();
  return { count, until, reason: reason.slice(0, maxReasonLength) };
}
