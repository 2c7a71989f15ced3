import type { Client } from '@temporalio/client';
import { rolloverId } from '../../domain/names.ts';
import { parsePauseNote, type PausedBy } from '../../domain/pause-note.ts';
import { describeSchedule } from '../../activities/describe-schedule.ts';

/** What the schedule of the daily rollover says. */
export interface RolloverStatus {
  readonly missing: boolean;
  readonly paused: PausedBy | null;
  readonly nextRunAt: string | null;
}

export async function readRollover(client: Client): Promise<RolloverStatus> {
  const found = await describeSchedule(client, rolloverId);
  if (!found) return { missing: true, paused: null, nextRunAt: null };
  const { state, info } = found;
  return {
    missing: false,
    paused: state.paused ? parsePauseNote(state.note) : null,
    nextRunAt: state.paused ? null : (info.nextActionTimes[0]?.toISOString() ?? null),
  };
}

/**
 * Whether a rollover that does not run is felt already. It counts for `--check` only then: one may be paused for an hour on
 * purpose, and nothing suffers before a day is missing that it would have made.
 */
export function isMaintenanceLate(
  rollover: RolloverStatus | null,
  ahead: number | null,
  premake: number | null,
): boolean {
  if (rollover === null || (!rollover.missing && rollover.paused === null)) return false;
  return ahead !== null && premake !== null && ahead < premake;
}

/** What is wrong with it and what to do, in words; null where nothing is. */
export function rolloverNote({ missing, paused }: RolloverStatus): string | null {
  if (missing) return 'has no schedule, so nothing is maintained: ./daybook schedules apply makes it';
  if (paused === null) return null;
  const by = paused.by === null ? '' : ` by ${paused.by}`;
  return `is paused${by} (${paused.reason ?? 'no reason given'}), so nothing is maintained: temporal schedule toggle --schedule-id ${rolloverId} --unpause --reason done`;
}
