import { escapeIdentifier, type ClientBase } from 'pg';
import type { CsvRecord } from '../../../formats/csv/csv.ts';
import { canarySource } from '../../../domain/names.ts';
import type { TimeRangeText } from '../../../domain/time/backfill-windows.ts';
import { cursorRows, inSnapshot } from '../connection/snapshot-rows.ts';

/** A row with the time at which it was stored, in ISO 8601 with milliseconds. */
export interface StoredRecord extends CsvRecord {
  readonly createdAt: string;
}

export interface RowChoice {
  readonly source: string;
  /** Of `occurred_at`; null = all times. */
  readonly window: TimeRangeText | null;
  /** Rows that were stored later are left out. */
  readonly before: string;
}

/** Sources that have rows, or had some: found key by key, for the ledger may be long. */
export async function storedSources(client: ClientBase, schema: string): Promise<string[]> {
  const keys = `${escapeIdentifier(schema)}.raw_event_keys`;
  const { rows } = await client.query<{ source: string }>(
    `with recursive found as (
       select min(source) as source from ${keys}
       union all
       select (select min(k.source) from ${keys} k where k.source > found.source) from found where found.source is not null
     )
     select source from found where source is not null and source <> $1 order by 1`,
    [canarySource],
  );
  return rows.map(({ source }) => source);
}

/** The server's time. */
export async function serverTime(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ now: string }>(
    `select (clock_timestamp() at time zone 'UTC')::text || '+00' as now`,
  );
  return rows[0]?.now ?? '';
}

/**
 * The rows of a source, day by day of `occurred_at`, those of a day in the order in which they were stored. Each day is a
 * transaction of its own: a single one would block the retirement of days for its duration.
 */
export async function* rowsByDay(
  client: ClientBase,
  schema: string,
  { source, window, before }: RowChoice,
): AsyncGenerator<StoredRecord[]> {
  const table = `${escapeIdentifier(schema)}.raw_events`;
  const to = window?.to ?? 'infinity';
  let from: string | null = window?.from ?? '-infinity';
  while (from !== null) {
    const begin: string = from;
    from = null;
    yield* inSnapshot(client, async function* () {
      const { rows: next } = await client.query<{ first: string | null; end: string | null }>(
        `select first::text, least(date_trunc('day', first) + interval '1 day', $3::timestamptz)::text as end
         from (select min(occurred_at) as first from ${table}
               where source = $1 and occurred_at >= $2::timestamptz and occurred_at < $3::timestamptz) found`,
        [source, begin, to],
      );
      const { first = null, end = null } = next[0] ?? {};
      if (first === null || end === null) return;
      from = end;
      yield* cursorRows<StoredRecord>(
        client,
        `select source, source_id as "sourceId", occurred_at::text as "occurredAt", payload::text as payload,
                to_char(created_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "createdAt"
         from ${table}
         where source = $1 and occurred_at >= $2::timestamptz and occurred_at < $3::timestamptz
           and created_at < $4::timestamptz
         order by created_at, id`,
        [source, first, end, before],
      );
    });
  }
}
