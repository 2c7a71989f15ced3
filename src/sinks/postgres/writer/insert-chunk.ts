import { escapeIdentifier, escapeLiteral, type ClientBase, type QueryConfig } from 'pg';
import { sha256 } from '../../../formats/sha256.ts';
import { SinkUnavailable } from '../../../domain/errors.ts';
import type { SpooledRecord } from '../../../domain/run/record.ts';
import { allRemovals, removalToken } from './removals.ts';

/** A stretch of a batch that one statement stores. */
export interface Chunk {
  readonly source: string;
  readonly records: readonly SpooledRecord[];
  /** Names what the statement does, so that a repeated statement is distinguished from a first one. */
  readonly token: string;
  /** How often records of the source had been removed when the attempt began. */
  readonly removals: number;
}

export interface ChunkCounts {
  readonly written: number;
  readonly duplicate: number;
}

/**
 * The statement that stores a chunk: new keys first, in the ledger's order so that concurrent writers cannot deadlock, then only
 * those rows, then the token. Payloads travel as one text, split by the server: JSON text on one line holds no newline. A delayed
 * statement stores nothing: its token exists, or records were removed since.
 */
export function insertStatement(schema: string): string {
  const table = (name: string) => `${escapeIdentifier(schema)}.${name}`;
  return `with input as materialized (
  select source_id, occurred_at::timestamptz as occurred_at, payload::jsonb as payload
  from unnest($2::text[], $3::text[], string_to_array($4::text, E'\\n')) as chunk(source_id, occurred_at, payload)
), late as materialized (
  select coalesce(sum(written) filter (where token <> $5::text), 0) <> $7::int as removed,
    count(*) filter (where token = $5::text) > 0 as stored
  from ${table('raw_event_batches')}
  where token in ($5::text, ${escapeLiteral(allRemovals)}, ${escapeLiteral(removalToken(''))} || $1::text)
), new_keys as (
  insert into ${table('raw_event_keys')} (source, source_id, occurred_at)
  select $1::text, source_id, occurred_at from input where (select not stored and not removed from late)
  order by source_id collate "C"
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
  select $5::text, written, $6::int - written from counts where (select not removed from late)
  on conflict (token) do nothing
  returning 1
)
select written, exists (select from new_token) as first, (select removed from late) as removed from counts`;
}

/**
 * A statement that stores nothing, and fails as {@link insertStatement} does: in a database that is read-only, without the tables,
 * or without the rights on them.
 */
export function probeStatement(schema: string): string {
  const table = (name: string) => `${escapeIdentifier(schema)}.${name}`;
  return `with keys as (
  insert into ${table('raw_event_keys')} (source, source_id, occurred_at) select '', '', now() where false
), events as (
  insert into ${table('raw_events')} (source, source_id, occurred_at, payload) select '', '', now(), '{}'::jsonb where false
)
insert into ${table('raw_event_batches')} (token, written, duplicate) select '', 0, 0 where false`;
}

/** The parameters of {@link insertStatement}. Repeats inside the chunk are left out, the earliest is kept. */
export function insertParameters({ source, records, token, removals }: Chunk): unknown[] {
  const distinct = new Map<string, SpooledRecord>();
  for (const record of records) if (!distinct.has(record.sourceId)) distinct.set(record.sourceId, record);
  const rows = [...distinct.values()];
  return [
    source,
    arrayText(rows.map((row) => row.sourceId)),
    arrayText(rows.map((row) => row.occurredAt)),
    rows.map((row) => row.payload).join('\n'),
    token,
    records.length,
    removals,
  ];
}

/** The text that pg makes of an array of strings, several times as fast. */
export function arrayText(items: readonly string[]): string {
  let text = '';
  for (const item of items) text += `,"${needsEscape.test(item) ? item.replace(/[\\"]/g, String.raw`\$&`) : item}"`;
  return `{${text.slice(1)}}`;
}

const needsEscape = /[\\"]/;

/**
 * Stores a chunk in one autocommit statement and returns what it, or an earlier attempt at the same chunk, did.
 * @throws SinkUnavailable if records of the source were removed since the attempt began
 */
export async function insertChunk(client: ClientBase, statement: ChunkStatement, chunk: Chunk): Promise<ChunkCounts> {
  const query: QueryConfig = { text: statement.insert, values: insertParameters(chunk) };
  const { rows } = await client.query<{ written: number; first: boolean; removed: boolean }>(
    statement.names ? { ...query, name: statement.names.insert } : query,
  );
  const [result] = rows;
  if (result?.first === true) return { written: result.written, duplicate: chunk.records.length - result.written };
  const earlier = await client.query<ChunkCounts>(statement.recall, [chunk.token]);
  const counts = earlier.rows[0];
  if (counts) return counts;
  if (result?.removed === true) {
    throw new SinkUnavailable(
      `postgres: records of ${chunk.source} were deleted (forget, reset) while a batch was being stored; the next attempt stores it`,
    );
  }
  throw new Error(`token ${chunk.token} was taken, but is gone`);
}

/** The statements that store chunks, and look at what is stored. */
export interface ChunkStatement {
  readonly insert: string;
  /** Reads what an earlier attempt at a chunk did. */
  readonly recall: string;
  /** Reads what earlier attempts at a batch did, and how often records were removed. */
  readonly stored: string;
  /** The names to prepare them by; null = they are not prepared. */
  readonly names: { readonly insert: string; readonly stored: string } | null;
}

export function chunkStatement(schema: string, prepare: boolean): ChunkStatement {
  const tokens = `${escapeIdentifier(schema)}.raw_event_batches`;
  const recall = `select written, duplicate from ${tokens} where token = $1::text`;
  const stored = `select token, written, duplicate from ${tokens}
    where token >= $1::text and token < $2::text or token = any ($3::text[])`;
  const insert = insertStatement(schema);
  const names = { insert: nameOf('insert', insert), stored: nameOf('stored', stored) };
  return { insert, recall, stored, names: prepare ? names : null };
}

/** With a pooler sessions are shared: the same name must not stand for the statement of another schema or version there. */
function nameOf(what: string, text: string): string {
  return `daybook_${what}_${sha256(text).slice(0, 12)}`;
}
