import { jitterOf, scheduleGrid } from '../../config/schedule/schedule-grid.ts';
import type { Grid } from '../../domain/monitoring/schedule-starts.ts';
import type { SourceConfig } from '../../config/schema/source-schemas.ts';
import type { ScheduleConfig } from '../../config/schema/value-schemas.ts';

/** How a new schedule makes its first start. */
export interface FirstStart {
  /** When to make the schedule, from now on. */
  readonly afterMs: number;
  /** Whether it runs once right away. */
  readonly isNow: boolean;
}

/** A slot that comes within this time is the first start; one that is further away is not waited for. */
const nearMs = 10_000;
/** How long the server may take to create a schedule: a slot that comes meanwhile may be missed. */
const makingMs = 2_000;

/**
 * A new source runs once right away, and not once more in the same moment because its first slot is just then: such a slot is
 * waited for. Where it comes so soon that the server might miss it, the schedule is made after it; with short intervals the next
 * slot is soon enough. Only the server knows the slots of cron lines that are not an even grid.
 */
export function firstStart(source: SourceConfig, schedule: ScheduleConfig, now: Date): FirstStart {
  const grid = scheduleGrid(source.name, schedule);
  return jitterOf(schedule) > nearMs ? { afterMs: 0, isNow: true } : firstStartOn(grid, now);
}

/** The same where there is no jitter. @param grid null = only the server knows the slots */
export function firstStartOn(grid: Grid | null, now: Date): FirstStart {
  if (grid === null) return { afterMs: 0, isNow: true };
  const { everyMs, offsetMs } = grid;
  const gapMs = everyMs - ((((now.getTime() - offsetMs) % everyMs) + everyMs) % everyMs);
  if (gapMs <= makingMs && everyMs > 2 * nearMs) return { afterMs: gapMs, isNow: true };
  return { afterMs: 0, isNow: gapMs > nearMs };
}
