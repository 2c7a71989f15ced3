import { ScheduleNotFoundError, type Client, type ScheduleDescription } from '@temporalio/client';
import { scheduleMemoKey, scrapeScheduleId } from '../domain/names.ts';

/** A schedule as the server has it; null where it has none of this id. */
export async function describeSchedule(client: Client, id: string): Promise<ScheduleDescription | null> {
  try {
    return await client.schedule.getHandle(id).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
}

/**
 * Whether Daybook made the schedule of a source, or took it over. The mark is in the schedule's own memo, or in that of its
 * action where it was adopted: the former cannot be changed.
 */
export function isMarked({ memo, action }: ScheduleDescription, source: string): boolean {
  return memo?.[scheduleMemoKey] === source || action.memo?.[scheduleMemoKey] === source;
}

/** Whether Daybook took over the schedule of a source, which lists do not show. */
export async function isAdopted(client: Client, source: string): Promise<boolean> {
  const found = await describeSchedule(client, scrapeScheduleId(source));
  return found !== null && isMarked(found, source);
}
