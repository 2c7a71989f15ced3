import type { Client, ScheduleSummary } from '@temporalio/client';
import type { ProbeGroup } from '../../config/schedule/probe-groups.ts';
import { describeSchedule } from './describe-schedule.ts';
import { isProbed, isRemoved } from './orphan-note.ts';
import type { PlanOptions, ScheduleChange } from './schedule-change.ts';
import { groupDifferences } from './probe-schedule.ts';
import { isLeftBehind, ownershipOf, type ScheduleOwner } from './schedule-owner.ts';

/** Compares the schedule of a group with the configuration. */
export async function planGroup(
  client: Client,
  owner: ScheduleOwner,
  group: ProbeGroup,
  { adopt }: PlanOptions,
): Promise<ScheduleChange> {
  const id = owner.instance.probeId(group.name);
  const change = { schedule: id, source: null, returns: false, differences: [] };
  const found = await describeSchedule(client, id);
  if (!found) return { ...change, action: 'create' };
  const differences = groupDifferences(group, owner.instance, found);
  const returns = isRemoved(found.state);
  const ownership = await ownershipOf(owner, id, found);
  if (ownership === 'own') {
    return { ...change, differences, returns, action: differences.length > 0 || returns ? 'update' : 'none' };
  }
  if (adopt) return { ...change, differences, returns, action: 'adopt' };
  return { ...change, differences, action: 'foreign', why: ownership === 'known' ? 'unknown' : ownership };
}

/** What to do with the schedule of a group that no source is in any more; null = it is not of this Daybook. */
export async function planEmptyGroup(
  client: Client,
  owner: ScheduleOwner,
  { scheduleId, state }: Pick<ScheduleSummary, 'scheduleId' | 'state'>,
  { prune }: PlanOptions,
): Promise<ScheduleChange | null> {
  const memos = await describeSchedule(client, scheduleId);
  if (memos === null || !(await isLeftBehind(owner, scheduleId, memos))) return null;
  const action = prune ? 'delete' : isRemoved(state) ? 'none' : 'pause';
  return { schedule: scheduleId, source: null, differences: [], returns: false, action };
}

/** What to do with the own schedule of a source that is probed; null = nothing, and nothing to report. */
export async function planProbedSource(
  client: Client,
  owner: ScheduleOwner,
  source: string,
  { scheduleId, memo, state }: Pick<ScheduleSummary, 'scheduleId' | 'memo' | 'state'>,
  { prune, adopt }: PlanOptions,
): Promise<ScheduleChange | null> {
  const change = { schedule: scheduleId, source, differences: [], returns: false, probed: true } as const;
  // Mostly the list says it: with thousands of sources that is one question instead of thousands.
  const listed = await ownershipOf(owner, source, { memo });
  const memos = listed === 'own' ? { memo } : await describeSchedule(client, scheduleId);
  if (memos === null) return null;
  const ownership = await ownershipOf(owner, source, memos);
  if (ownership === 'own' || ownership === 'known' || adopt) {
    return { ...change, action: prune ? 'delete' : isProbed(state) ? 'none' : 'pause' };
  }
  return { ...change, action: 'foreign', why: ownership };
}
