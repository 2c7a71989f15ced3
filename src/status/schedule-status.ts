import type { ScheduleSummary } from '@temporalio/client';
import { notPausedSince, parsePauseNote, type PausedBy } from '../domain/run/pause-note.ts';
import type { ScheduledStart } from '../domain/monitoring/schedule-starts.ts';
import type { OpenRun } from './open-runs.ts';

/** The status of a source's schedule. */
export interface ScheduleStatus {
  readonly paused: PausedBy | null;
  readonly nextRunAt: string | null;
  /** Times it was due since the last run ended; null if that is not known. No more than a thousand are counted. */
  readonly missed: number | null;
  /** The latest starts, the oldest first. */
  readonly recent: readonly RecentStart[];
  /** Since when it has not been paused: see `notPausedSince`. */
  readonly notPausedSinceMs: number | null;
  /** The active run, also one by command; null = none. */
  readonly running: OpenRun | null;
}

/** A start, and the run that it began. */
export type RecentStart = ScheduledStart & { readonly workflowId: string };

/** The status of a source without a schedule. */
export const noSchedule: ScheduleStatus = {
  paused: null,
  nextRunAt: null,
  missed: null,
  recent: [],
  notPausedSinceMs: null,
  running: null,
};

/** What a list entry or a description says about a schedule. */
export function scheduleStatusOf(state: ScheduleSummary['state'], info: ScheduleSummary['info']): ScheduleStatus {
  const { paused, note } = state;
  return {
    paused: paused ? parsePauseNote(note) : null,
    nextRunAt: paused ? null : (info.nextActionTimes[0]?.toISOString() ?? null),
    missed: null,
    recent: info.recentActions.map(recentStart),
    notPausedSinceMs: paused ? null : notPausedSince(note),
    running: null,
  };
}

function recentStart({ scheduledAt, takenAt, action }: ScheduleSummary['info']['recentActions'][number]): RecentStart {
  const { workflowId } = action.workflow;
  const dueMs = scheduledAt.getTime();
  // The server names a run by its slot: that is without jitter.
  const slotMs = Date.parse(/-(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/.exec(workflowId)?.[1] ?? '');
  return { workflowId, slotMs: Number.isNaN(slotMs) ? dueMs : slotMs, dueMs, begunMs: takenAt.getTime() };
}
