// The polls that are measured: what the API has for each, and what the run must have done with it.

/** The product's own limit of a batch. */
const batchRecords = 5_000;
/** Records of the small cases, as a feed or a list of events has them. */
const pageRecords = 20;

/**
 * `polls` is how many follow each other in one measurement: processor time is counted in steps of 10 ms. `fresh` is the number of
 * records that are new each time.
 */
export const cases = [
  { name: 'not_modified', title: '304', polls: 20, records: pageRecords, fresh: 0, validators: true },
  { name: 'unchanged', title: 'unchanged, 200', polls: 20, records: pageRecords, fresh: 0 },
  { name: 'one_new', title: '1 new of 20', polls: 20, records: pageRecords, fresh: 1 },
  { name: 'one_batch', title: '1 batch, 5,000', polls: 3, records: batchRecords, fresh: batchRecords },
  { name: 'ten_batches', title: '10 batches', polls: 1, records: 10 * batchRecords, fresh: 10 * batchRecords },
];

/** What the receipts of so many polls must add up to: a bench that loses records measures nothing. */
export function assertStored({ name, fresh }, receipts) {
  for (const { outcome, postgres, csv } of receipts) {
    const stored = [postgres?.written ?? 0, csv?.written ?? 0];
    if (stored.every((count) => count === fresh)) continue;
    throw new Error(`bench: ${name}: ${outcome}, stored ${stored.join(' and ')} new records, expected ${fresh}`);
  }
}
