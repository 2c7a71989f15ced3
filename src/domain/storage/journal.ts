import type { Day } from '../time/day.ts';
import type { SinkCounts } from '../run/receipt.ts';
import type { TimeRangeText } from '../time/backfill-windows.ts';

/** Which part of the journal is requested. */
export interface JournalSelection {
  /** Null = all sources. */
  readonly source: string | null;
  /** Of `occurred_at`; null = all times. */
  readonly window: TimeRangeText | null;
  /** Also the archives of retired days. */
  readonly archives: boolean;
}

/** What is read at a time: the files of a source's day of ingestion, or an archive. */
export type JournalUnit =
  | { readonly kind: 'day'; readonly source: string; readonly day: Day }
  | { readonly kind: 'archive'; readonly day: Day };

export function unitName(unit: JournalUnit): string {
  return unit.kind === 'archive' ? `archives/${unit.day}` : `${unit.source}/${unit.day}`;
}

/** The result of a replay. */
export interface JournalReplayTally {
  /** Days and archives that were read. */
  readonly units: number;
  /** Records that were read: the sum of the counts. */
  readonly records: number;
  readonly postgres: SinkCounts;
  /** Files that could not be read whole, and sources that were left out, and why; no more than 50 of them. */
  readonly damaged: readonly string[];
  readonly damagedCount: number;
}

/** Maximum number of damages described in words. */
const maxDamages = 50;

export function addDamages(
  tally: JournalReplayTally,
  damages: readonly string[],
  count = damages.length,
): JournalReplayTally {
  const damaged = [...tally.damaged, ...damages].slice(0, maxDamages);
  return { ...tally, damaged, damagedCount: tally.damagedCount + count };
}
