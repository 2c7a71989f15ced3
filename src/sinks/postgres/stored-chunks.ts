import { escapeIdentifier, type ClientBase } from 'pg';
import type { BatchRef } from '../../domain/batch.ts';
import type { ChunkCounts } from './insert-chunk.ts';

/** The chunks of a batch that an earlier attempt has stored, with what they did. */
export class StoredChunks {
  readonly #chunks: ReadonlyMap<string, ChunkCounts>;
  readonly #bounds: readonly (readonly [from: number, to: number])[];

  constructor(chunks: ReadonlyMap<string, ChunkCounts>) {
    this.#chunks = chunks;
    this.#bounds = [...chunks.keys()].map((name) => {
      const [from, to] = name.split('-').map(Number);
      return [from ?? 0, to ?? 0];
    });
  }

  /** What the chunk of rows `from` to `to` did, if just that chunk is stored. */
  find(from: number, to: number): ChunkCounts | null {
    return this.#chunks.get(`${from}-${to}`) ?? null;
  }

  /** Whether a part of these rows is stored by itself: an earlier attempt had to halve the chunk. */
  holdsPartOf(from: number, to: number): boolean {
    return this.#bounds.some((part) => part[0] >= from && part[1] <= to);
  }
}

/** The token under which a chunk tells what it did. */
export function chunkToken(batch: BatchRef, from: number, to: number): string {
  return `${tokenPrefix(batch)}${from}-${to}`;
}

/** Reads what earlier attempts at a batch have stored. */
export async function readStoredChunks(client: ClientBase, schema: string, batch: BatchRef): Promise<StoredChunks> {
  const prefix = tokenPrefix(batch);
  const text = `select token, written, duplicate from ${escapeIdentifier(schema)}.raw_event_batches
    where token >= $1::text and token < $2::text`;
  // Digits follow the prefix: all of them come before a colon.
  const { rows } = await client.query<ChunkCounts & { readonly token: string }>(text, [prefix, `${prefix}:`]);
  return new StoredChunks(
    new Map(rows.map(({ token, written, duplicate }) => [token.slice(prefix.length), { written, duplicate }])),
  );
}

function tokenPrefix({ firstRunId, number, hash }: BatchRef): string {
  return `${firstRunId}/${number}/${hash}/`;
}
