import type { ExportStatusPlan } from '../plan/export-plan.ts';
import type { ExportProgress } from '../state/export-progress.ts';
import { counted } from '../text/counted.ts';
import { formatDuration } from '../time/duration.ts';
import { withoutMarks } from '../secrets/hidden-marks.ts';

/**
 * How long to wait before the next look at a job, in milliseconds; null if its time is up.
 * @param waitedMs what was spent waiting for it
 * @param askedMs how long its API asked not to be called
 */
export function nextLookMs({ everyMs, timeoutMs }: ExportStatusPlan, waitedMs: number, askedMs: number): number | null {
  const leftMs = timeoutMs - waitedMs;
  if (leftMs <= 0 || askedMs > leftMs) return null;
  // The last look comes when the time is up.
  return Math.max(askedMs, Math.min(everyMs, leftMs));
}

/** What a run waits for, for people. @param state what the API calls the state of the job; null = unknown */
export function waitingNote({ job, looks }: Pick<ExportProgress, 'job' | 'looks'>, state: string | null): string {
  const shown = withoutMarks(job);
  const named = state === null ? shown : `${shown} (${state})`;
  return `Waiting for export job ${named}, asked ${counted(looks, 'time')}`;
}

/** Why a job is given up. */
export function timeoutProblem(
  source: string,
  { doneWhen, timeoutMs }: ExportStatusPlan,
  { job, looks }: Pick<ExportProgress, 'job' | 'looks'>,
  state: string | null,
): string {
  const last = state === null ? '' : `, last ${state}`;
  return `export: ${source}: job ${withoutMarks(job)} was not done within ${formatDuration(timeoutMs)} (asked ${counted(looks, 'time')}${last}), expected done_when: ${doneWhen}; raise export.status.timeout if its jobs take longer`;
}
