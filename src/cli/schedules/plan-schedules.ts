import type { Client } from '@temporalio/client';
import type { SourceConfig } from '../../config/source-schemas.ts';

import { describeSchedule, isAdopted, isMarked } from '../../activities/describe-schedule.ts';
import { scheduleMemoKey, scrapeScheduleId } from '../../domain/names.ts';
import { isRemoved } from './removed-note.ts';
import { scheduleDifferences } from './schedule-differences.ts';

/** What is to become of the schedule of a source. */
export interface ScheduleChange {
  readonly source: string;
  /**
   * `foreign`: one of this id was made by hand, and is left alone unless it is adopted. `pause`, `delete`: its source is gone
   * from the configuration, or has no schedule there.
   */
  readonly action: 'create' | 'update' | 'adopt' | 'foreign' | 'pause' | 'delete' | 'none';
  /** What the schedule says otherwise than the configuration. */
  readonly differences: readonly string[];
  /** It was paused because its source was gone, and its source is back. */
  readonly returns: boolean;
}

export interface PlanOptions {
  /** Delete schedules whose sources are gone, instead of pausing them. */
  readonly prune?: boolean;
  /** Take over schedules of our ids that were made by hand. */
  readonly adopt?: boolean;
}

const prefix = scrapeScheduleId('');
/** Schedules that are looked at at once. */
const atOnce = 20;

/** Compares the schedules of the server with the configuration; changes nothing. */
export async function planSchedules(
  client: Client,
  sources: readonly SourceConfig[],
  options: PlanOptions,
): Promise<ScheduleChange[]> {
  const changes: ScheduleChange[] = [];
  const scheduled = sources.filter((source) => source.schedule);
  for (let start = 0; start < scheduled.length; start += atOnce) {
    const slice = scheduled.slice(start, start + atOnce);
    changes.push(...(await Promise.all(slice.map((source) => planSchedule(client, source, options)))));
  }
  const names = new Set(scheduled.map(({ name }) => name));
  for await (const { scheduleId, memo, state } of client.schedule.list()) {
    const source = scheduleId.startsWith(prefix) ? scheduleId.slice(prefix.length) : '';
    if (source === '' || names.has(source)) continue;
    // The list shows the memo of the schedule only; that of one that was adopted is in its action.
    if (memo?.[scheduleMemoKey] !== source && !(await isAdopted(client, source))) continue;
    // Paused for another reason it might be let go on by whoever paused it.
    const action = options.prune ? 'delete' : isRemoved(state) ? 'none' : 'pause';
    changes.push({ source, action, differences: [], returns: false });
  }
  return changes;
}

async function planSchedule(client: Client, source: SourceConfig, { adopt }: PlanOptions): Promise<ScheduleChange> {
  const { name, schedule } = source;
  const change = { source: name, returns: false, differences: [] };
  const found = await describeSchedule(client, scrapeScheduleId(name));
  if (!schedule || !found) return { ...change, action: 'create' };
  const differences = scheduleDifferences(source, schedule, found);
  if (!isMarked(found, name)) return { ...change, differences, action: adopt ? 'adopt' : 'foreign' };
  const returns = isRemoved(found.state);
  return { ...change, differences, returns, action: differences.length > 0 || returns ? 'update' : 'none' };
}
