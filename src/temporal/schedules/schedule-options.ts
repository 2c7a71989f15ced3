import { ScheduleOverlapPolicy, type ScheduleOptions } from '@temporalio/client';
import { jitterOf, offsetOf } from '../../config/schedule/schedule-grid.ts';
import type { SourceConfig } from '../../config/schema/source-schemas.ts';
import type { ScheduleConfig } from '../../config/schema/value-schemas.ts';
import { ownerMemo, type ScheduleOwner } from './schedule-owner.ts';
import { cronMemoKey, scrapeRunType, sourceAttributeKey } from '../../domain/names.ts';

const overlapPolicies: Readonly<Record<ScheduleConfig['overlap'], ScheduleOverlapPolicy>> = {
  skip: ScheduleOverlapPolicy.SKIP,
  buffer_one: ScheduleOverlapPolicy.BUFFER_ONE,
  buffer_all: ScheduleOverlapPolicy.BUFFER_ALL,
  cancel_other: ScheduleOverlapPolicy.CANCEL_OTHER,
  terminate_other: ScheduleOverlapPolicy.TERMINATE_OTHER,
  allow_all: ScheduleOverlapPolicy.ALLOW_ALL,
};

/** The fields of a Temporal schedule that Daybook manages; all others are the operator's. */
export type ManagedSchedule = Pick<ScheduleOptions, 'spec' | 'action' | 'policies'>;

/**
 * The schedule of a source as its configuration wants it.
 * @param hasAttribute whether the server knows the search attribute of sources: else no run would start with it
 */
export function scheduleOptions(
  source: SourceConfig,
  schedule: ScheduleConfig,
  owner: ScheduleOwner,
  hasAttribute: boolean,
): ManagedSchedule {
  const { instance } = owner;
  return {
    spec: {
      ...(schedule.every === undefined
        ? {}
        : { intervals: [{ every: schedule.every, offset: offsetOf(source.name, schedule) }] }),
      ...(schedule.cron === undefined ? {} : { cronExpressions: [schedule.cron] }),
      ...(jitterOf(schedule) === 0 ? {} : { jitter: jitterOf(schedule) }),
      ...(schedule.timezone === undefined ? {} : { timezone: schedule.timezone }),
    },
    action: {
      type: 'startWorkflow',
      workflowType: scrapeRunType,
      workflowId: instance.scheduledRunId(source.name),
      taskQueue: instance.taskQueue,
      args: [{ source: source.name }],
      // A run that sets it itself costs an action more.
      ...(hasAttribute ? { typedSearchAttributes: [{ key: sourceAttributeKey, value: source.name }] } : {}),
      // The server keeps a cron line as the calendars that it means: what was asked for is kept here. The mark stays where an
      // adopted schedule cannot get one of its own.
      memo: {
        ...ownerMemo(owner, source.name),
        ...(schedule.cron === undefined ? {} : { [cronMemoKey]: schedule.cron }),
      },
    },
    policies: {
      overlap: overlapPolicies[schedule.overlap],
      catchupWindow: schedule.catchup_window,
      pauseOnFailure: schedule.pause_on_failure,
    },
  };
}

/** The options that make a schedule; `isNow`: whether it runs once right away. */
export function newScheduleOptions(
  source: SourceConfig,
  schedule: ScheduleConfig,
  owner: ScheduleOwner,
  { hasAttribute, isNow }: { readonly hasAttribute: boolean; readonly isNow: boolean },
): ScheduleOptions {
  return {
    scheduleId: owner.instance.scrapeScheduleId(source.name),
    ...scheduleOptions(source, schedule, owner, hasAttribute),
    memo: ownerMemo(owner, source.name),
    state: { triggerImmediately: isNow },
  };
}
