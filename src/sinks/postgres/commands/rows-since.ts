import { escapeIdentifier, type ClientBase } from 'pg';
import type { CsvRecord } from '../../../formats/csv/csv.ts';
import { cursorRows, inSnapshot } from '../connection/snapshot-rows.ts';

/** The rows of a source stored since a time, in chunks, from one snapshot. */
export function rowsSince(
  client: ClientBase,
  schema: string,
  source: string,
  since: Date,
): AsyncGenerator<CsvRecord[]> {
  const statement = `select source, source_id as "sourceId", occurred_at::text as "occurredAt", payload::text as payload
    from ${escapeIdentifier(schema)}.raw_events where source = $1 and created_at >= $2`;
  return inSnapshot(client, () => cursorRows(client, statement, [source, since]));
}
