import type { DayRanges } from '../../domain/time/day-set.ts';
import type { NewDeadLetter } from '../../domain/dead-letters/dead-letter.ts';
import type { Micros } from '../../domain/time/timestamp.ts';
import type { AcceptedRecord } from '../../domain/run/record.ts';
import type { CheckedPage, CheckedWithDays, ValidRecord } from '../extraction/checked-page.ts';

/** A checked page as it leaves its thread: columns, for thousands of objects take ten times as long to be sent (measured). */
export interface PackedPage extends Pick<CheckedPage, 'fetched' | 'furthest' | 'hash' | 'warnings' | 'shaped'> {
  readonly deadLetters: readonly NewDeadLetter[];
  readonly ids: readonly string[];
  readonly times: BigInt64Array;
  readonly payloads: readonly string[];
  readonly indexes: readonly number[];
  readonly flags: Uint8Array;
  readonly marks: readonly (string | null)[];
  /** Cursor times, by position; those that are missing are the times of their records. */
  readonly cursorTimes: ReadonlyMap<number, Micros | null>;
  /** Null = those of `marks`. */
  readonly digests: readonly string[] | null;
  /** Days that the run has met by now. */
  readonly days: DayRanges;
}

/** A checked page as a job has it: packed where it leaves its thread. */
export type JobPage = PackedPage | CheckedWithDays;

const flag = { repaired: 1, timeFromRecord: 2, isOld: 4 } as const;

export function packPage({ valid, digests, ...page }: CheckedPage, days: DayRanges): PackedPage {
  const { fetched, furthest, hash, deadLetters, warnings, shaped } = page;
  return {
    ...(shaped ? { shaped } : {}),
    fetched,
    furthest,
    hash,
    deadLetters,
    warnings,
    days,
    ids: valid.map(({ record }) => record.sourceId),
    times: BigInt64Array.from(valid, ({ record }) => record.occurredAt),
    payloads: valid.map(({ record }) => record.payload),
    indexes: valid.map(({ index }) => index),
    flags: Uint8Array.from(valid, flagsOf),
    marks: valid.map(({ mark }) => mark),
    cursorTimes: cursorTimesOf(valid),
    digests: digests.length === valid.length ? null : digests,
  };
}

function cursorTimesOf(valid: readonly ValidRecord[]): Map<number, Micros | null> {
  const times = new Map<number, Micros | null>();
  for (const [position, { record }] of valid.entries()) {
    if (record.cursorTime !== undefined) times.set(position, record.cursorTime);
  }
  return times;
}

function flagsOf({ record, isOld }: ValidRecord): number {
  return (
    (record.repaired ? flag.repaired : 0) + (record.timeFromRecord ? flag.timeFromRecord : 0) + (isOld ? flag.isOld : 0)
  );
}

export function unpackPage(page: JobPage): CheckedWithDays {
  if ('valid' in page) return page;
  const { fetched, furthest, hash, deadLetters, warnings, days, shaped } = page;
  const { ids, times, payloads, flags, indexes, marks, cursorTimes } = page;
  const valid: ValidRecord[] = [];
  for (const [position, sourceId] of ids.entries()) {
    const flagged = flags[position] ?? 0;
    const occurredAt: Micros = times[position] ?? 0n;
    const payload = payloads[position] ?? '';
    const repaired = (flagged & flag.repaired) !== 0;
    const timeFromRecord = (flagged & flag.timeFromRecord) !== 0;
    const cursorTime = cursorTimes.get(position);
    const record: AcceptedRecord = {
      sourceId,
      occurredAt,
      payload,
      repaired,
      timeFromRecord,
      ...(cursorTime === undefined ? {} : { cursorTime }),
    };
    const isOld = (flagged & flag.isOld) !== 0;
    valid.push({ index: indexes[position] ?? 0, record, mark: marks[position] ?? null, isOld });
  }
  const digests = page.digests ?? marks.filter((mark) => mark !== null);
  return { fetched, valid, deadLetters, digests, furthest, hash, warnings, days, ...(shaped ? { shaped } : {}) };
}
