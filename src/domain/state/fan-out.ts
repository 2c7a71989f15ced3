import type { TimeRangeText } from '../time/backfill-windows.ts';

/** Where a parent is found. */
export interface ParentPlace {
  /** The day of its ingestion; `queue` for one that a replay has queued, `values` for one of the configuration. */
  readonly unit: string;
  /** The file of that day; empty for values. */
  readonly part: string;
  /** Parents of the file before it. */
  readonly line: number;
}

/** The part of a poll's position about its parents: of a fixed size, however many there are. */
export interface FanOutPosition {
  /** Names the blob that says which parents are done; null = that of the state does. */
  readonly progress: string | null;
  /** When the poll began: what is stored later belongs to the next one. ISO 8601. */
  readonly startedAt: string;
  /** The parent whose chain the place of the position is in; null = the chain of the next one begins. */
  readonly inside: ParentPlace | null;
  /** Of values: the index of the next one. */
  readonly nextValue: number;
  readonly tally: ParentTally;
  /** The chain of a parent was cut, at `max_pages` for example. */
  readonly cutShort?: true;
  /** What is wrong with the paging of the first such chain. */
  readonly paging?: string;
  /** Each chain so far was answered with "not modified". */
  readonly onlyUnmodified?: true;
}

/** How many parents a poll has requested. */
export interface ParentTally {
  readonly asked: number;
  /** They became dead letters, and no record of theirs counts as one. */
  readonly failed: number;
}

/** What a poll that begins knows of its parents. */
export function fanOutStart(now: Date): FanOutPosition {
  return {
    progress: null,
    startedAt: now.toISOString(),
    inside: null,
    nextValue: 0,
    tally: { asked: 0, failed: 0 },
    onlyUnmodified: true,
  };
}

/** How far the parts of a day of ingestion were passed. */
export interface DayProgress {
  /** Parts all of whose parents are done. */
  readonly parts: readonly string[];
  /** The file that is being passed. */
  readonly open: { readonly part: string; readonly line: number } | null;
  /** Of the sealed file that was passed; null = none was. */
  readonly sealed: string | null;
  /** Parts that it was merged of. */
  readonly merged: number;
}

export const nothingPassed: DayProgress = { parts: [], open: null, sealed: null, merged: 0 };

/** The times of parents that are requested again. */
export function revisitWindow(startedAt: string, revisitMs: number): TimeRangeText {
  const from = new Date(Date.parse(startedAt) - revisitMs).toISOString();
  return { from: `${from.slice(0, -1)}000Z`, to: '9999-12-31T23:59:59.999999Z' };
}
