import { addDays, dayOfDate, type Day } from '../time/day.ts';

/** The first day that is kept: a day is expired when it ends before now − retention. Null = all are kept. */
export function retentionCutoff(retentionMs: number | null, now: Date): Day | null {
  return retentionMs === null ? null : dayOfDate(new Date(now.getTime() - retentionMs));
}

/** The state of the table of a day. `pending`: its detaching began and did not end. */
export interface DayTable {
  readonly day: Day;
  readonly status: 'attached' | 'pending' | 'detached';
}

/** What was done with a day so far; see migration 0002. */
export type DayState = 'detaching' | 'archived' | 'pruning' | 'restored';

export interface RetirementPlan {
  /** Days to retire, or whose retirement continues: the oldest first, but one half detached before all others. */
  readonly retire: readonly DayTable[];
  /** Days whose retirement began, but that are to be kept now. */
  readonly putBack: readonly DayTable[];
}

/**
 * What retirement has to do. Tables detached by others are not Daybook's. A day whose keys are being pruned can only continue.
 * @param from the first day that is kept; null = all
 */
export function planRetirement(
  tables: readonly DayTable[],
  states: ReadonlyMap<Day, DayState>,
  from: Day | null,
): RetirementPlan {
  const isBegun = ({ day }: DayTable) => states.has(day) && states.get(day) !== 'restored';
  const isPruned = ({ day }: DayTable) => states.get(day) === 'pruning';
  const isKept = ({ day }: DayTable) => from === null || day >= from || states.get(day) === 'restored';
  const ours = tables
    .filter((table) => table.status !== 'detached' || isBegun(table))
    // No other partition can be detached while one is half detached.
    .toSorted((a, b) => Number(b.status === 'pending') - Number(a.status === 'pending') || (a.day < b.day ? -1 : 1));
  return {
    retire: ours.filter((table) => isPruned(table) || !isKept(table)),
    putBack: ours.filter((table) => isBegun(table) && isKept(table) && !isPruned(table)),
  };
}

/** Both ends of a day, as PostgreSQL reads them: `2026-11-01 00:00:00+00`. */
export function dayBounds(day: Day): readonly [from: string, to: string] {
  return [`${day} 00:00:00+00`, `${addDays(day, 1)} 00:00:00+00`];
}
