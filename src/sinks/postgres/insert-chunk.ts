import { createHash } from 'node:crypto';
import { escapeIdentifier, type ClientBase, type QueryConfig } from 'pg';
import type { SpooledRecord } from '../../domain/record.ts';

/** A stretch of a batch that one statement stores. */
export interface Chunk {
  readonly source: string;
  readonly records: readonly SpooledRecord[];
  /** Names what the statement does, so that a repeated one is told from a first. */
  readonly token: string;
}

export interface ChunkCounts {
  readonly written: number;
  readonly duplicate: number;
}

/**
 * The statement that stores a chunk: new keys first, in the ledger's order so that concurrent writers cannot deadlock,
 * then only those rows, then the token. Payloads travel as one text, split by the server: JSON text on one line holds no
 * newline.
 */
export function insertStatement(schema: string): string {
  const table = (name: string) => `${escapeIdentifier(schema)}.${name}`;
  return `with input as materialized (
  select source_id, occurred_at::timestamptz as occurred_at, payload::jsonb as payload
  from unnest($2::text[], $3::text[], string_to_array($4::text, E'\\n')) as chunk(source_id, occurred_at, payload)
), new_keys as (
  insert into ${table('raw_event_keys')} (source, source_id, occurred_at)
  select $1::text, source_id, occurred_at from input order by source_id collate "C"
  on conflict (source, source_id) do nothing
  returning source_id
), new_events as (
  insert into ${table('raw_events')} (source, source_id, occurred_at, payload)
  select $1::text, source_id, occurred_at, payload from input
  where source_id in (select source_id from new_keys)
  returning 1
), counts as (
  select ${table('check_stored')}((select count(*) from new_keys), (select count(*) from new_events))::int as written
), new_token as (
  insert into ${table('raw_event_batches')} (token, written, duplicate)
  select $5::text, written, $6::int - written from counts
  on conflict (token) do nothing
  returning 1
)
select written, exists (select from new_token) as first from counts`;
}

/** The parameters of {@link insertStatement}. Repeats inside the chunk are left out, the earliest is kept. */
export function insertParameters({ source, records, token }: Chunk): unknown[] {
  const distinct = new Map<string, SpooledRecord>();
  for (const record of records) if (!distinct.has(record.sourceId)) distinct.set(record.sourceId, record);
  const rows = [...distinct.values()];
  return [
    source,
    rows.map((row) => row.sourceId),
    rows.map((row) => row.occurredAt),
    rows.map((row) => row.payload).join('\n'),
    token,
    records.length,
  ];
}

/** Stores a chunk in one autocommit statement and tells what it, or the same chunk before, did. */
export async function insertChunk(client: ClientBase, statement: ChunkStatement, chunk: Chunk): Promise<ChunkCounts> {
  const query: QueryConfig = { text: statement.insert, values: insertParameters(chunk) };
  const { rows } = await client.query<{ written: number; first: boolean }>(
    statement.name === null ? query : { ...query, name: statement.name },
  );
  const [result] = rows;
  if (result?.first === true) return { written: result.written, duplicate: chunk.records.length - result.written };
  const earlier = await client.query<ChunkCounts>(statement.recall, [chunk.token]);
  const counts = earlier.rows[0];
  if (!counts) throw new Error(`token ${chunk.token} was taken, but is gone`);
  return counts;
}

export interface ChunkStatement {
  readonly insert: string;
  /** Reads what an earlier attempt did. */
  readonly recall: string;
  /** The name to prepare it by; null = it is not prepared. */
  readonly name: string | null;
}

export function chunkStatement(schema: string, prepare: boolean): ChunkStatement {
  const recall = `select written, duplicate from ${escapeIdentifier(schema)}.raw_event_batches where token = $1::text`;
  const insert = insertStatement(schema);
  // Behind a pooler sessions are shared: the same name must not stand for the statement of another schema or version there.
  const digest = createHash('sha256').update(insert).digest('hex').slice(0, 12);
  return { insert, recall, name: prepare ? `daybook_insert_${digest}` : null };
}
