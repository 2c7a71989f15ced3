import type { Client, ScheduleSummary } from '@temporalio/client';
import { readProbeId, readScheduleId } from '../../domain/instance.ts';
import { describeSchedule } from './describe-schedule.ts';
import { isRemoved } from './orphan-note.ts';
import { planEmptyGroup, planProbedSource } from './plan-probes.ts';
import type { PlanOptions, ScheduleChange } from './schedule-change.ts';
import { isLeftBehind, ownershipOf, type ScheduleOwner } from './schedule-owner.ts';

/** What the configuration wants: the rest of the server's schedules is left over, or not ours. */
export interface WantedSchedules {
  /** Sources with a schedule of their own. */
  readonly names: ReadonlySet<string>;
  /** Sources that are probed. */
  readonly probed: ReadonlyMap<string, unknown>;
  /** Their groups, by name. */
  readonly groups: ReadonlyMap<string, unknown>;
}

/** What to do with the schedules of the server that the configuration does not want. */
export async function planListed(
  client: Client,
  owner: ScheduleOwner,
  wanted: WantedSchedules,
  options: PlanOptions,
): Promise<ScheduleChange[]> {
  const changes: ScheduleChange[] = [];
  if (options.keepOthers && wanted.groups.size === 0) return changes;
  const { name } = owner.instance;
  for await (const summary of client.schedule.list()) {
    const group = readProbeId(summary.scheduleId);
    const id = readScheduleId(summary.scheduleId);
    let change: ScheduleChange | null = null;
    if (group?.instance === name) {
      const isLeft = !wanted.groups.has(group.group) && !options.keepOthers;
      if (isLeft) change = await planEmptyGroup(client, owner, summary, options);
    } else if (id?.instance === name && wanted.probed.has(id.source)) {
      change = await planProbedSource(client, owner, id.source, summary, options);
    } else if (id && !options.keepOthers && !(id.instance === name && wanted.names.has(id.source))) {
      change = await planOther(client, owner, id, summary, options);
    }
    if (change) changes.push(change);
  }
  return changes;
}

/** The schedule of a source that the configuration does not have, or that has none there, or of another instance. */
async function planOther(
  client: Client,
  owner: ScheduleOwner,
  id: { readonly instance: string; readonly source: string },
  { scheduleId, memo, state }: Pick<ScheduleSummary, 'scheduleId' | 'memo' | 'state'>,
  { prune }: PlanOptions,
): Promise<ScheduleChange | null> {
  const change = { schedule: scheduleId, source: id.source, differences: [], returns: false };
  if (id.instance !== owner.instance.name) {
    if ((await ownershipOf(owner, id.source, { memo })) === 'by_hand') return null;
    return { ...change, action: 'foreign', why: 'instance', instance: id.instance };
  }
  // The list shows the memo of the schedule only; that of one that was adopted is in its action.
  const memos = await describeSchedule(client, scheduleId);
  if (memos === null) return null;
  const ownership = await ownershipOf(owner, id.source, memos);
  if (await isLeftBehind(owner, id.source, memos, ownership)) {
    // Paused for another reason it might be resumed by the one who paused it.
    return { ...change, action: prune ? 'delete' : isRemoved(state) ? 'none' : 'pause' };
  }
  if (ownership === 'by_hand') return null;
  // One of this instance without any known run may belong to another store.
  return { ...change, action: 'foreign', why: ownership === 'instance' ? ownership : 'unknown_source' };
}
