import type { Warning } from './warning.ts';

/**
 * Of each field how many records were read in which it is empty; 0 = one had a value. Fields are called as messages name them:
 * `price (.price)`.
 */
export type FieldTally = Readonly<Record<string, number>>;

/** What is known about fields after further records. */
export function joinTallies(known: FieldTally, more: FieldTally): FieldTally {
  const counts = new Map(Object.entries(known));
  for (const [field, empty] of Object.entries(more)) {
    const before = counts.get(field);
    counts.set(field, before === 0 || empty === 0 ? 0 : (before ?? 0) + empty);
  }
  return Object.fromEntries(counts);
}

/** The number of records from which a field without any value is worth a warning. */
const minRecords = 2;
/** The maximum number of fields that a message names. */
const maxListed = 10;

/** Warns of fields that no record of a poll has: their path may be wrong. */
export function emptyFieldWarnings(tally: FieldTally): Warning[] {
  const byCount = new Map<number, string[]>();
  for (const [field, count] of Object.entries(tally)) {
    if (count >= minRecords) byCount.set(count, [...(byCount.get(count) ?? []), field]);
  }
  return [...byCount].map(([count, fields]) => {
    const more = fields.length > maxListed ? ` and ${fields.length - maxListed} more` : '';
    const named = `${fields.slice(0, maxListed).join(', ')}${more} ${fields.length === 1 ? 'is' : 'are'}`;
    return { code: 'field_empty', message: `${named} empty in ${count} of ${count} records`, count: 1 };
  });
}
