import type { WorkflowHandle } from '@temporalio/client';
import { optionalTsToDate } from '@temporalio/common/lib/time.js';
import type { Progress } from '../workflows/messages.ts';

/** What an active run waits for. */
export interface RunWait {
  /** A part, in words: `PostgreSQL`, `the source`. */
  readonly on: string;
  /** Why, as its last failed attempt said; null if it is not a failure. */
  readonly reason: string | null;
  /** When it continues, ISO 8601; null if that is not known. */
  readonly until: string | null;
}

/** Checks what is retried; if nothing is, `progress` may say what the run itself waits for. */
export async function waitOf(
  handle: Pick<WorkflowHandle, 'describe'>,
  progress: () => Promise<Progress | null>,
): Promise<RunWait | null> {
  const { raw, historyLength } = await handle.describe();
  // Started, and its first task scheduled: no worker has looked at it.
  if (historyLength <= 2) return { on: 'a worker', reason: null, until: null };
  for (const { activityType, attempt, lastFailure, nextAttemptScheduleTime } of raw.pendingActivities ?? []) {
    if (!lastFailure || (attempt ?? 1) < 2) continue;
    const until = optionalTsToDate(nextAttemptScheduleTime)?.toISOString() ?? null;
    return { on: partOf(activityType?.name ?? ''), reason: lastFailure.message ?? null, until };
  }
  return (await progress())?.waits ?? null;
}

const parts: Readonly<Record<string, string>> = {
  fetchBatch: 'the source',
  writePostgres: 'PostgreSQL',
  writeCsv: 'the CSV journal',
};

/** Everything else reads or writes blobs. */
function partOf(activity: string): string {
  return parts[activity] ?? 'the store';
}
