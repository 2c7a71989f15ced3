import { ScheduleOverlapPolicy, type ScheduleOptions } from '@temporalio/client';
import type { SourceConfig } from '../../config/source-schemas.ts';
import type { ScheduleConfig } from '../../config/value-schemas.ts';
import {
  cronMemoKey,
  scheduledRunId,
  scheduleMemoKey,
  scrapeRunType,
  scrapeScheduleId,
  taskQueue,
} from '../../domain/names.ts';

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

/** The schedule of a source as its configuration wants it. */
export function scheduleOptions(source: SourceConfig, schedule: ScheduleConfig): ManagedSchedule {
  return {
    spec: {
      ...(schedule.every === undefined ? {} : { intervals: [{ every: schedule.every }] }),
      ...(schedule.cron === undefined ? {} : { cronExpressions: [schedule.cron] }),
      ...(schedule.jitter === undefined ? {} : { jitter: schedule.jitter }),
      ...(schedule.timezone === undefined ? {} : { timezone: schedule.timezone }),
    },
    action: {
      type: 'startWorkflow',
      workflowType: scrapeRunType,
      workflowId: scheduledRunId(source.name),
      taskQueue,
      args: [{ source: source.name }],
      // The server keeps a cron line as the calendars that it means: what was asked for is kept here. The mark stays where an
      // adopted schedule cannot get one of its own.
      memo: {
        [scheduleMemoKey]: source.name,
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

/** The options that make a schedule; it runs once right away. */
export function newScheduleOptions(source: SourceConfig, schedule: ScheduleConfig): ScheduleOptions {
  return {
    scheduleId: scrapeScheduleId(source.name),
    ...scheduleOptions(source, schedule),
    memo: { [scheduleMemoKey]: source.name },
    state: { triggerImmediately: true },
  };
}
