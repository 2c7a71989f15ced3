import { type Client, ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import { rolloverId, rolloverType, scheduleMemoKey, taskQueue } from '../../domain/names.ts';

/** Five minutes after midnight, UTC: what came at the last moment is in. */
const cron = '5 0 * * *';

/** Whether the schedule of the daily rollover is there. */
export async function hasRolloverSchedule(client: Client): Promise<boolean> {
  try {
    await client.schedule.getHandle(rolloverId).describe();
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}

/** Makes the schedule of the daily rollover, which runs once right away. One that is there is left as it is. */
export async function makeRolloverSchedule(client: Client): Promise<boolean> {
  if (await hasRolloverSchedule(client)) return false;
  try {
    await client.schedule.create({
      scheduleId: rolloverId,
      spec: { cronExpressions: [cron] },
      action: { type: 'startWorkflow', workflowType: rolloverType, workflowId: rolloverId, taskQueue, args: [] },
      // Three days late is caught up.
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '7 days', pauseOnFailure: false },
      memo: { [scheduleMemoKey]: rolloverId },
      state: { triggerImmediately: true },
    });
    return true;
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) return false;
    throw error;
  }
}
