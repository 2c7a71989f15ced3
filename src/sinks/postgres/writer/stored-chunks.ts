import type { ClientBase, QueryConfig } from 'pg';
import type { BatchRef } from '../../../domain/run/batch.ts';
import type { ChunkCounts, ChunkStatement } from './insert-chunk.ts';
import { removalTokens } from './removals.ts';

/** The chunks of a batch that are stored, with what they did. */
export class StoredChunks {
  readonly #chunks: Map<string, ChunkCounts>;
  readonly #bounds: (readonly [from: number, to: number])[];
  /** How often records of its source were removed until this was read. */
  readonly removals: number;

  constructor(chunks: ReadonlyMap<string, ChunkCounts>, removals: number) {
    this.removals = removals;
    this.#chunks = new Map(chunks);
    this.#bounds = [...chunks.keys()].map((name) => {
      const [from, to] = name.split('-').map(Number);
      return [from ?? 0, to ?? 0];
    });
  }

  /** Notes that rows `from` to `to` were stored as a separate part. */
  add(from: number, to: number, counts: ChunkCounts): void {
    this.#chunks.set(`${from}-${to}`, counts);
    this.#bounds.push([from, to]);
  }

  /** What the chunk of rows `from` to `to` did, if just that chunk is stored. */
  find(from: number, to: number): ChunkCounts | null {
    return this.#chunks.get(`${from}-${to}`) ?? null;
  }

  /** Whether a part of these rows is stored separately: an earlier attempt had to halve the chunk. */
  holdsPartOf(from: number, to: number): boolean {
    return this.#bounds.some((part) => part[0] >= from && part[1] <= to);
  }

  /** Whether a row is stored, in whichever chunk. */
  covers(row: number): boolean {
    return this.#bounds.some(([from, to]) => from <= row && row < to);
  }
}

/** The token under which a chunk records what it did. */
export function chunkToken(batch: BatchRef, from: number, to: number): string {
  return `${tokenPrefix(batch)}${from}-${to}`;
}

/** Reads what earlier attempts at a batch have stored. */
export async function readStoredChunks(
  client: ClientBase,
  { stored, names }: ChunkStatement,
  batch: BatchRef,
): Promise<StoredChunks> {
  const prefix = tokenPrefix(batch);
  // Digits follow the prefix: all of them come before a colon.
  const query: QueryConfig = { text: stored, values: [prefix, `${prefix}:`, removalTokens(batch.source)] };
  const { rows } = await client.query<ChunkCounts & { readonly token: string }>(
    names ? { ...query, name: names.stored } : query,
  );
  const chunks = new Map<string, ChunkCounts>();
  let removals = 0;
  for (const { token, written, duplicate } of rows) {
    if (token.startsWith(prefix)) chunks.set(token.slice(prefix.length), { written, duplicate });
    else removals += written;
  }
  return new StoredChunks(chunks, removals);
}

function tokenPrefix({ firstRunId, number, hash }: BatchRef): string {
  return `${firstRunId}/${number}/${hash}/`;
}
