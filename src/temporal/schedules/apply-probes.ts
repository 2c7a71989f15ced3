import { setTimeout as sleep } from 'node:timers/promises';
import { ScheduleAlreadyRunning, type Client } from '@temporalio/client';
import { gridOfGroup, type ProbeGroup } from '../../config/schedule/probe-groups.ts';
import { describeSchedule } from './describe-schedule.ts';
import { firstStartOn } from './first-start.ts';
import { ownPause, probedState, removedState, returnedState } from './orphan-note.ts';
import type { ScheduleChange } from './schedule-change.ts';
import { newProbeScheduleOptions, probeScheduleOptions } from './probe-schedule.ts';
import type { ScheduleOwner } from './schedule-owner.ts';

/** Changes the schedule of a group. @param group undefined = no source is in it any more */
export async function applyToGroup(
  client: Client,
  owner: ScheduleOwner,
  { schedule, action, returns }: ScheduleChange,
  group: ProbeGroup | undefined,
): Promise<void> {
  const handle = client.schedule.getHandle(schedule);
  if (action === 'pause') {
    await handle.update(({ state, ...previous }) => ({ ...previous, state: { ...state, ...removedState(state) } }));
  } else if (action === 'delete') {
    await handle.delete();
  } else if (group && action === 'create') {
    await create(client, owner, group);
  } else if (group && (action === 'update' || action === 'adopt')) {
    await handle.update((previous) => ({
      ...previous,
      ...probeScheduleOptions(group, owner),
      state: returns ? { ...previous.state, ...returnedState(previous.state, new Date()) } : previous.state,
    }));
  }
}

/**
 * Pauses or deletes the own schedule of a source that is probed. If the source is paused, its pause moves to the store first: the
 * command may be killed at any line.
 */
export async function applyToProbed(
  client: Client,
  owner: ScheduleOwner,
  source: string,
  { schedule, action }: ScheduleChange,
): Promise<void> {
  if (action !== 'pause' && action !== 'delete') return;
  const found = await describeSchedule(client, schedule);
  if (found === null) return;
  const pause = ownPause(found.state, new Date());
  if (pause) await owner.pauses.write(source, pause);
  const handle = client.schedule.getHandle(schedule);
  if (action === 'delete') return handle.delete();
  await handle.update(({ state, ...previous }) => ({ ...previous, state: { ...state, ...probedState } }));
}

async function create(client: Client, owner: ScheduleOwner, group: ProbeGroup): Promise<void> {
  const { afterMs, isNow } = firstStartOn(gridOfGroup(group), new Date());
  if (afterMs > 0) await sleep(afterMs);
  try {
    await client.schedule.create(newProbeScheduleOptions(group, owner, isNow));
  } catch (error) {
    // Another `up` beside this one made it meanwhile.
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
