import { escapeIdentifier, type ClientBase } from 'pg';
import { canarySource } from '../../../domain/names.ts';
import type { DatabaseSide } from '../../../domain/storage/store-pair.ts';

type Queries = Pick<ClientBase, 'query'>;

/**
 * What the database knows of its store; null if it is not migrated that far.
 * @param lock whether others that want to count wait, to the end of the transaction
 */
export async function readDatabaseSide(client: Queries, schema: string, lock = false): Promise<DatabaseSide | null> {
  const table = `${escapeIdentifier(schema)}.raw_event_database`;
  const { rows: found } = await client.query<{ found: boolean }>(
    `select exists (select from pg_attribute where attrelid = to_regclass($1) and attname = 'store_id' and not attisdropped) as found`,
    [table],
  );
  if (found[0]?.found !== true) return null;
  const { rows } = await client.query<{ id: string; storeId: string | null; counter: string }>(
    `select id, store_id as "storeId", counter from ${table}${lock ? ' for update' : ''}`,
  );
  const [row] = rows;
  return row ? { id: row.id, storeId: row.storeId, counter: Number(row.counter) } : null;
}

/** The same for a database migrated by 0.2.0, which has no store yet. Null if it was never migrated, or later on. */
export async function readOlderSide(client: Queries, schema: string): Promise<DatabaseSide | null> {
  const table = `${escapeIdentifier(schema)}.raw_event_database`;
  const { rows: found } = await client.query<{ found: boolean }>('select to_regclass($1) is not null as found', [
    table,
  ]);
  if (found[0]?.found !== true) return null;
  const { rows } = await client.query<{ id: string }>(`select id from ${table}`);
  return rows[0] ? { id: rows[0].id, storeId: null, counter: 0 } : null;
}

export async function writeDatabaseSide(
  client: Queries,
  schema: string,
  { storeId, counter }: Pick<DatabaseSide, 'storeId' | 'counter'>,
): Promise<void> {
  await client.query(`update ${escapeIdentifier(schema)}.raw_event_database set store_id = $1, counter = $2`, [
    storeId,
    counter,
  ]);
}

/** Whether the database holds rows of sources, or days of it were retired. */
export async function holdsRows(client: Queries, schema: string): Promise<boolean> {
  const table = (name: string) => `${escapeIdentifier(schema)}.${name}`;
  const { rows } = await client.query<{ holds: boolean }>(
    `select exists (select from ${table('raw_event_keys')} where source <> $1)
         or exists (select from ${table('raw_event_floor')} where retired_before > '0001-01-01')
         or exists (select from ${table('raw_events')} where source <> $1) as holds`,
    [canarySource],
  );
  return rows[0]?.holds === true;
}
