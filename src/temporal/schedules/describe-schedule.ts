import { ScheduleNotFoundError, type Client, type ScheduleDescription } from '@temporalio/client';

/** A schedule as the server has it; null if it has none of this id. */
export async function describeSchedule(client: Client, id: string): Promise<ScheduleDescription | null> {
  try {
    return await client.schedule.getHandle(id).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
}
