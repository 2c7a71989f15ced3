import type { WorkflowHandle } from '@temporalio/client';
import { optionalTsToDate } from '@temporalio/common/lib/time.js';
import type { Progress } from '../workflows/messages.ts';

/** What a run under way waits for. */
export interface RunWait {
  /** A part, in words: `PostgreSQL`, `the source`. */
  readonly on: string;
  /** Why, as its last failed attempt said; null where it is not a failure. */
  readonly reason: string | null;
  /** When it goes on, ISO 8601; null where that is not known. */
  readonly until: string | null;
}

/** Looks at what is tried again; where nothing is, `progress` may say what the run waits for by itself. */
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
