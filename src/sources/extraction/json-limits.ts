import { OverLimit } from '../../domain/errors.ts';
import { isHeavyJson } from '../../formats/exact-json.ts';

/** Some 250 MB in memory. */
const maxWeight = 12_000_000;
/** Each record takes a few objects more while it is looked at. */
const maxRecords = 500_000;

/** @throws OverLimit for a JSON document that would not fit in memory, although it is small as text */
export function assertJsonSize(subject: string, text: string): void {
  if (!isHeavyJson(text, maxWeight)) return;
  throw new OverLimit(
    `${subject} has too many JSON values to keep in memory (over ${maxWeight}; an array or object counts as 3): request smaller pages`,
  );
}

/** @throws OverLimit for a page of too many records */
export function assertRecordCount(subject: string, records: readonly unknown[]): void {
  if (records.length <= maxRecords) return;
  throw new OverLimit(
    `${subject} has ${records.length} records at once, at most ${maxRecords} are allowed: request smaller pages, or use JSON lines`,
  );
}
