import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client, type ScheduleOptions } from '@temporalio/client';
import { allSettled } from '../../domain/all-settled.ts';
import { canaryType, rolloverType } from '../../domain/names.ts';
import { describeSchedule } from './describe-schedule.ts';
import { ownerMemo, type ScheduleOwner } from './schedule-owner.ts';

/** Daybook's own schedules, which no configuration names. One that is there is left as it is. */
function ownSchedules(owner: ScheduleOwner): readonly ScheduleOptions[] {
  const { rolloverId, canaryId } = owner.instance;
  return [
    // Five minutes after midnight, UTC: records of the last moment are stored. Up to three days are caught up.
    ownSchedule(owner, rolloverId, rolloverType, { cronExpressions: ['5 0 * * *'] }, '7 days'),
    // Missed starts are not made up: only the present state matters.
    ownSchedule(owner, canaryId, canaryType, { intervals: [{ every: '5 minutes' }] }, '1 minute'),
  ];
}

/** It runs once right away. */
function ownSchedule(
  owner: ScheduleOwner,
  id: string,
  workflowType: string,
  spec: ScheduleOptions['spec'],
  catchupWindow: '7 days' | '1 minute',
): ScheduleOptions {
  return {
    scheduleId: id,
    spec,
    memo: ownerMemo(owner, id),
    state: { triggerImmediately: true },
    action: {
      type: 'startWorkflow',
      workflowType,
      workflowId: id,
      taskQueue: owner.instance.taskQueue,
      args: [],
    },
    policies: {
      overlap: ScheduleOverlapPolicy.SKIP,
      catchupWindow,
      pauseOnFailure: false,
    },
  };
}

/** What to do with a schedule of Daybook's own; in JSON as a line beside those of the sources. */
export interface SystemScheduleChange {
  readonly schedule: string;
  readonly source: null;
  readonly action: 'create' | 'none';
  readonly differences: readonly [];
  readonly returns: false;
}

/** Which of Daybook's own schedules are missing; changes nothing. */
export async function planSystemSchedules(client: Client, owner: ScheduleOwner): Promise<SystemScheduleChange[]> {
  return allSettled(
    ownSchedules(owner).map(async ({ scheduleId }) =>
      changeOf(scheduleId, (await describeSchedule(client, scheduleId)) ? 'none' : 'create'),
    ),
  );
}

/** Makes those of Daybook's own schedules that are missing. Safe to repeat. */
export async function createSystemSchedules(client: Client, owner: ScheduleOwner): Promise<SystemScheduleChange[]> {
  return allSettled(
    ownSchedules(owner).map(async (options) => {
      const isThere = (await describeSchedule(client, options.scheduleId)) !== null;
      return changeOf(options.scheduleId, !isThere && (await make(client, options)) ? 'create' : 'none');
    }),
  );
}

async function make(client: Client, options: ScheduleOptions): Promise<boolean> {
  try {
    await client.schedule.create(options);
    return true;
  } catch (error) {
    // Another `up` beside this one made it meanwhile.
    if (error instanceof ScheduleAlreadyRunning) return false;
    throw error;
  }
}

function changeOf(schedule: string, action: SystemScheduleChange['action']): SystemScheduleChange {
  return { schedule, source: null, action, differences: [], returns: false };
}
