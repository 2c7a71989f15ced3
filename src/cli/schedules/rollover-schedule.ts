import { ScheduleOverlapPolicy, type ScheduleOptions } from '@temporalio/client';
import { rolloverId, rolloverType, scheduleMemoKey, taskQueue } from '../../domain/names.ts';

/** The schedule of the daily rollover, which runs once right away. */
export const rolloverSchedule: ScheduleOptions = {
  scheduleId: rolloverId,
  // Five minutes after midnight, UTC: what came at the last moment is in.
  spec: { cronExpressions: ['5 0 * * *'] },
  action: { type: 'startWorkflow', workflowType: rolloverType, workflowId: rolloverId, taskQueue, args: [] },
  // Three days late is caught up.
  policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '7 days', pauseOnFailure: false },
  memo: { [scheduleMemoKey]: rolloverId },
  state: { triggerImmediately: true },
};
