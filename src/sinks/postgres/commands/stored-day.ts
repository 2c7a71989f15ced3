import { escapeIdentifier, escapeLiteral, type Client } from 'pg';
import type { Day } from '../../../domain/time/day.ts';
import { canarySource } from '../../../domain/names.ts';
import type { TimeRangeText } from '../../../domain/time/backfill-windows.ts';
import { isAttached, readFloor } from '../days/day-tables.ts';
import { copiedRows } from '../connection/copied-rows.ts';

/** A row of raw_events, times as PostgreSQL prints them in UTC. */
export interface StoredRow {
  readonly source: string;
  readonly sourceId: string;
  readonly occurredAt: string;
  /** Null if it was not asked for. */
  readonly payload: string | null;
}

export interface StoredKey {
  readonly source: string;
  readonly sourceId: string;
}

/** Rows of a day, from one snapshot. */
export interface StoredDay {
  /** The first day that is not retired, where this one is; null if its rows are in raw_events, or may come. */
  retiredBefore(): Promise<Day | null>;
  rows(withPayload: boolean): AsyncGenerator<StoredRow[]>;
  /** This many rows, picked at random, with their payloads. */
  sample(rows: number): Promise<StoredRow[]>;
  /** Keys of the day in the ledger that have no row: it was deleted by hand. */
  keysWithoutRows(): Promise<StoredKey[]>;
  /** Rows whose key is not in the ledger, or has another time there. */
  rowsWithoutKeys(): Promise<StoredKey[]>;
  /** Keys with more than one row. */
  doubledRows(): Promise<StoredKey[]>;
}

/**
 * Reads a day in a transaction that only reads, and shows everything as it was at its beginning, except for rows of a running
 * canary.
 */
export async function readStoredDay<T>(
  client: Client,
  schema: string,
  { from, to }: TimeRangeText,
  source: string | null,
  work: (day: StoredDay) => Promise<T>,
): Promise<T> {
  const table = (name: string) => `${escapeIdentifier(schema)}.${name}`;
  const values = [from, to, source];
  const inDay = (alias: string, [first, last, only] = ['$1', '$2', '$3']) =>
    `${alias}.occurred_at >= ${first}::timestamptz and ${alias}.occurred_at < ${last}::timestamptz and (${only}::text is null or ${alias}.source = ${only}) and ${alias}.source <> '${canarySource}'`;
  const sameKey = `k.source = e.source collate "C" and k.source_id = e.source_id collate "C"`;
  const columns = (payload: string) =>
    `e.source, e.source_id as "sourceId", e.occurred_at::text as "occurredAt", ${payload} as payload`;
  const keys = async (text: string) => (await client.query<StoredKey>(text, values)).rows;
  const day: StoredDay = {
    async retiredBefore() {
      const floor = await readFloor({ client, table });
      const ofDay = from.slice(0, 10);
      return ofDay < floor && !(await isAttached({ client, table }, ofDay)) ? floor : null;
    },
    async *rows(withPayload) {
      const payload = withPayload ? 'e.payload::text' : 'null::text';
      const query = `select ${columns(payload)} from ${table('raw_events')} e where ${inDay('e', [escapeLiteral(from), escapeLiteral(to), source === null ? 'null' : escapeLiteral(source)])}`;
      for await (const rows of copiedRows(client, query)) yield rows.map(storedRow);
    },
    async sample(rows) {
      const text = `select ${columns('e.payload::text')} from ${table('raw_events')} e where ${inDay('e')} order by random() limit $4`;
      return (await client.query<StoredRow>(text, [...values, rows])).rows;
    },
    keysWithoutRows: () =>
      keys(`select k.source, k.source_id as "sourceId" from ${table('raw_event_keys')} k where ${inDay('k')} and not exists (
        select from ${table('raw_events')} e where ${sameKey} and e.occurred_at = k.occurred_at and ${inDay('e')})`),
    rowsWithoutKeys: () =>
      keys(`select e.source, e.source_id as "sourceId" from ${table('raw_events')} e
        left join ${table('raw_event_keys')} k on ${sameKey}
        where ${inDay('e')} and k.occurred_at is distinct from e.occurred_at`),
    doubledRows: () =>
      keys(`select e.source, e.source_id as "sourceId" from ${table('raw_events')} e where ${inDay('e')}
        group by 1, 2 having count(*) > 1`),
  };
  await client.query('begin transaction isolation level repeatable read, read only');
  try {
    // The journal is read at the same time, which may take minutes.
    await client.query(
      `set local timezone = 'UTC'; set local datestyle = 'ISO'; set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0`,
    );
    return await work(day);
  } finally {
    await client.query('rollback').catch(() => undefined);
  }
}

function storedRow([source, sourceId, occurredAt, payload = null]: readonly (string | null)[]): StoredRow {
  return { source: source ?? '', sourceId: sourceId ?? '', occurredAt: occurredAt ?? '', payload };
}

/** Where keys that have no row in a day are kept. */
export type KeyLocation = 'unknown' | 'stored' | 'other_day' | 'without_row';

/** Looks keys up in the ledger, as it is now. */
export async function locateKeys(
  client: Client,
  schema: string,
  { from, to }: TimeRangeText,
  keys: readonly StoredKey[],
): Promise<KeyLocation[]> {
  const table = (name: string) => `${escapeIdentifier(schema)}.${name}`;
  const { rows } = await client.query<{ place: KeyLocation }>(
    `select case when k.occurred_at is null then 'unknown'
       when k.occurred_at < $3::timestamptz or k.occurred_at >= $4::timestamptz then 'other_day'
       when exists (select from ${table('raw_events')} e where e.source = k.source and e.occurred_at = k.occurred_at
         and e.source_id = k.source_id) then 'stored'
       else 'without_row' end as place
     from unnest($1::text[], $2::text[]) with ordinality as c(source, source_id, place)
     left join ${table('raw_event_keys')} k on k.source = c.source collate "C" and k.source_id = c.source_id collate "C"
     order by c.place`,
    [keys.map(({ source }) => source), keys.map(({ sourceId }) => sourceId), from, to],
  );
  return rows.map(({ place }) => place);
}
