import { ScheduleOverlapPolicy, type ScheduleDescription, type ScheduleOptions } from '@temporalio/client';
import { gridOfGroup, type ProbeGroup } from '../../config/schedule/probe-groups.ts';
import { counted } from '../../domain/text/counted.ts';
import { formatDuration } from '../../domain/time/duration.ts';
import type { Instance } from '../../domain/instance.ts';
import { probeType } from '../../domain/names.ts';
import { probeDifferences } from './schedule-differences.ts';
import type { ManagedSchedule } from './schedule-options.ts';
import { ownerMemo, type ScheduleOwner } from './schedule-owner.ts';

/** After an outage one probe is enough: the others are skipped while it runs. */
const catchupMs = 600_000;

/** The schedule of a group of sources that are probed together. It has no jitter: the groups themselves are spread. */
export function probeScheduleOptions(group: ProbeGroup, owner: ScheduleOwner): ManagedSchedule {
  const { everyMs, offsetMs } = gridOfGroup(group);
  const id = owner.instance.probeId(group.name);
  return {
    spec: { intervals: [{ every: everyMs, offset: offsetMs }] },
    action: {
      type: 'startWorkflow',
      workflowType: probeType,
      workflowId: id,
      taskQueue: owner.instance.taskQueue,
      args: [inputOf(group)],
      memo: ownerMemo(owner, id),
      staticSummary: `asks ${counted(group.sources.length, 'source')} every ${formatDuration(group.everyMs)} for changes`,
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: catchupMs, pauseOnFailure: false },
  };
}

export function newProbeScheduleOptions(group: ProbeGroup, owner: ScheduleOwner, isNow: boolean): ScheduleOptions {
  const scheduleId = owner.instance.probeId(group.name);
  return {
    scheduleId,
    ...probeScheduleOptions(group, owner),
    memo: ownerMemo(owner, scheduleId),
    state: { triggerImmediately: isNow },
  };
}

/** How the schedule of a group on the server differs from what the configuration wants. */
export function groupDifferences(group: ProbeGroup, instance: Instance, description: ScheduleDescription): string[] {
  const wanted = { interval: gridOfGroup(group), catchupMs, input: inputOf(group) };
  return probeDifferences(wanted, { instance, id: instance.probeId(group.name) }, description);
}

function inputOf({ everyMs, shard, shards }: ProbeGroup) {
  return { everyMs, shard, shards };
}
