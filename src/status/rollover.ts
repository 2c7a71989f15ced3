import type { Client } from '@temporalio/client';
import type { Instance } from '../domain/instance.ts';
import { rolloverType } from '../domain/names.ts';
import { parsePauseNote, type PausedBy } from '../domain/run/pause-note.ts';
import { describeSchedule } from '../temporal/schedules/describe-schedule.ts';
import { pendingSteps } from './pending-steps.ts';

/** The status of the daily rollover's schedule. */
export interface RolloverStatus {
  /** Id of its schedule. */
  readonly schedule: string;
  readonly missing: boolean;
  readonly paused: PausedBy | null;
  readonly nextRunAt: string | null;
  /** What steps of a rollover in progress wait for, or why they are tried again. */
  readonly waits: readonly string[];
}

export async function readRollover(client: Client, instance: Instance): Promise<RolloverStatus> {
  const found = await describeSchedule(client, instance.rolloverId);
  // A server that cannot list is not a reason to omit the schedule.
  const waits = await readWaits(client, instance).catch(() => []);
  const schedule = instance.rolloverId;
  if (!found) return { schedule, missing: true, paused: null, nextRunAt: null, waits };
  const { state, info } = found;
  return {
    schedule,
    missing: false,
    paused: state.paused ? parsePauseNote(state.note) : null,
    nextRunAt: state.paused ? null : (info.nextActionTimes[0]?.toISOString() ?? null),
    waits,
  };
}

/** How many active rollovers are queried: there is one, and those started by hand. */
const maxAsked = 3;

async function readWaits(client: Client, instance: Instance): Promise<string[]> {
  const waits: string[] = [];
  let asked = 0;
  const query = instance.query(`WorkflowType = '${rolloverType}' AND ExecutionStatus = 'Running'`);
  for await (const { workflowId, runId } of client.workflow.list({ query, pageSize: maxAsked })) {
    if (asked++ === maxAsked) break;
    const pending = await pendingSteps(client.workflow.getHandle(workflowId, runId));
    for (const wait of [...pending.waits, ...pending.failures]) waits.push(wait);
  }
  return waits;
}

/**
 * Whether a missing rollover already has consequences. Only then it counts for `--check`: it may be paused for an hour on purpose,
 * which does no harm until a day that it would have created is missing.
 */
export function isMaintenanceLate(
  rollover: RolloverStatus | null,
  ahead: number | null,
  premake: number | null,
): boolean {
  if (rollover === null || (!rollover.missing && rollover.paused === null)) return false;
  return ahead !== null && premake !== null && ahead < premake;
}

/** What is wrong with it and what to do, in words; null if nothing is. */
export function rolloverNote({ schedule, missing, paused }: RolloverStatus): string | null {
  if (missing) return 'has no schedule, so no maintenance runs; create it with ./daybook schedules apply';
  if (paused === null) return null;
  const by = paused.by === null ? '' : ` by ${paused.by}`;
  return `is paused${by} (${paused.reason ?? 'no reason given'}), so no maintenance runs; resume it with temporal schedule toggle --schedule-id ${schedule} --unpause --reason done`;
}
