import {
  type Client,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import { canaryId, canaryType, rolloverId, rolloverType, scheduleMemoKey, taskQueue } from '../../domain/names.ts';

/** A schedule that belongs to no source. */
interface OwnSchedule {
  readonly id: string;
  readonly workflowType: string;
  readonly spec: ScheduleOptions['spec'];
  readonly catchupWindow: '7 days' | '1 minute';
}

const ownSchedules: readonly OwnSchedule[] = [
  {
    ...{ id: rolloverId, workflowType: rolloverType },
    // Five minutes after midnight, UTC: what came at the last moment is in.
    spec: { cronExpressions: ['5 0 * * *'] },
    // Three days late is caught up.
    catchupWindow: '7 days',
  },
  {
    ...{ id: canaryId, workflowType: canaryType },
    spec: { intervals: [{ every: '5 minutes' }] },
    // What was missed says nothing of how things are now.
    catchupWindow: '1 minute',
  },
];

/** What is to become of one of Daybook's own schedules. */
export interface OwnScheduleChange {
  readonly schedule: string;
  /** One that is there is left as it is. */
  readonly action: 'create' | 'none';
}

/** Looks which of Daybook's own schedules are there; changes nothing. */
export async function planOwnSchedules(client: Client): Promise<OwnScheduleChange[]> {
  return Promise.all(
    ownSchedules.map(async ({ id }) => ({ schedule: id, action: (await hasSchedule(client, id)) ? 'none' : 'create' })),
  );
}

/** Makes those of Daybook's own schedules that are missing, and says what it did. Each runs once right away. */
export async function applyOwnSchedules(client: Client): Promise<OwnScheduleChange[]> {
  const changes = await planOwnSchedules(client);
  for (const { schedule, action } of changes) {
    const own = ownSchedules.find(({ id }) => id === schedule);
    if (own && action === 'create') await create(client, own);
  }
  return changes;
}

async function hasSchedule(client: Client, id: string): Promise<boolean> {
  try {
    await client.schedule.getHandle(id).describe();
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}

async function create(client: Client, { id, workflowType, spec, catchupWindow }: OwnSchedule): Promise<void> {
  try {
    await client.schedule.create({
      scheduleId: id,
      spec,
      action: { type: 'startWorkflow', workflowType, workflowId: id, taskQueue, args: [] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow, pauseOnFailure: false },
      memo: { [scheduleMemoKey]: id },
      state: { triggerImmediately: true },
    });
  } catch (error) {
    // Another `up` beside this one made it meanwhile.
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
