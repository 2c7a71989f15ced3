import { stringify } from 'csv-stringify/sync';
import type { SpooledRecord } from '../../domain/record.ts';

const csvColumns = ['source', 'source_id', 'occurred_at', 'payload'] as const;

/** The text of a part: RFC 4180 with a header and LF, one line a record. */
export function csvText(source: string, records: readonly SpooledRecord[]): string {
  const rows = records.map(({ sourceId, occurredAt, payload }) => [source, sourceId, occurredAt, payload]);
  // A lone CR ends a row for many readers, but not for csv-stringify.
  return stringify([[...csvColumns], ...rows], { record_delimiter: '\n', quoted_match: /[\r\n]/ });
}
