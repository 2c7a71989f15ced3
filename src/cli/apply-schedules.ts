import { type Client, ScheduleAlreadyRunning, ScheduleNotFoundError } from '@temporalio/client';
import type { SourceConfig } from '../config/source-schemas.ts';
import { scheduleMemoKey, scrapeScheduleId } from '../domain/names.ts';
import { newScheduleOptions, scheduleOptions } from './schedule-options.ts';

/** What became of the schedules, by source. */
export interface AppliedSchedules {
  readonly created: readonly string[];
  readonly updated: readonly string[];
  /** Their source is no longer configured; the schedule is paused. */
  readonly removed: readonly string[];
  /** Schedules of ours by id that someone else made; they are left alone. */
  readonly foreign: readonly string[];
}

const removedNote = 'daybook: the source is no longer in the configuration';

/**
 * Makes Temporal's schedules what the configuration wants. Existing ones keep their state: a paused one stays paused,
 * unless it was paused for being removed. None is ever deleted.
 */
export async function applySchedules(client: Client, sources: readonly SourceConfig[]): Promise<AppliedSchedules> {
  const applied = {
    created: [] as string[],
    updated: [] as string[],
    removed: [] as string[],
    foreign: [] as string[],
  };
  for (const source of sources) {
    if (source.schedule) applied[await applySchedule(client, source, source.schedule)].push(source.name);
  }
  const scheduled = new Set(sources.filter((source) => source.schedule).map((source) => source.name));
  for await (const { scheduleId, memo, state } of client.schedule.list()) {
    const source = memo?.[scheduleMemoKey];
    if (typeof source !== 'string' || scheduled.has(source) || scheduleId !== scrapeScheduleId(source)) continue;
    if (!state.paused) await client.schedule.getHandle(scheduleId).pause(removedNote);
    applied.removed.push(source);
  }
  return applied;
}

async function applySchedule(
  client: Client,
  source: SourceConfig,
  schedule: NonNullable<SourceConfig['schedule']>,
): Promise<'created' | 'updated' | 'foreign'> {
  const handle = client.schedule.getHandle(scrapeScheduleId(source.name));
  try {
    const { memo, state } = await handle.describe();
    if (memo?.[scheduleMemoKey] !== source.name) return 'foreign';
    await handle.update((previous) => ({ ...previous, ...scheduleOptions(source, schedule) }));
    if (state.paused && state.note === removedNote) await handle.unpause('daybook: the source is back');
    return 'updated';
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
  try {
    await client.schedule.create(newScheduleOptions(source, schedule));
    return 'created';
  } catch (error) {
    // Another `up` beside this one made it meanwhile.
    if (error instanceof ScheduleAlreadyRunning) return 'updated';
    throw error;
  }
}
