import type { Pool, PoolClient } from 'pg';
import type { BatchRef } from '../../domain/batch.ts';
import type { Day } from '../../domain/day.ts';
import { DaybookError, SinkMisconfigured } from '../../domain/errors.ts';
import { noCounts, type SinkCounts } from '../../domain/receipt.ts';
import type { SpooledRecord } from '../../domain/record.ts';
import type { RefusedRecord, StorageWriter, WriteContext, WriteResult } from '../storage-writer.ts';
import { postgresFailure, toPostgresError, withConnection } from './connection.ts';
import {
  chunkStatement,
  insertChunk,
  maxChunkLength,
  maxChunkRows,
  type ChunkCounts,
  type ChunkStatement,
} from './insert-chunk.ts';
import { createPartitions, type Partitions } from './partitions.ts';
import { actionFor } from './sql-state.ts';

export interface PostgresWriterOptions {
  readonly pool: Pool;
  readonly schema: string;
  readonly prepare: boolean;
}

/** Tries of a chunk whose partition is missing although it was made. */
const partitionTries = 5;
/** From this many refused rows on, over half of a batch refused alike is taken for a fault of configuration. */
const alikeFloor = 20;

/** Stores batches in `raw_events`, each key once, chunk by chunk in statements that may be repeated. */
export function createPostgresWriter({ pool, schema, prepare }: PostgresWriterOptions): StorageWriter {
  const partitions = createPartitions(pool, schema);
  const statement = chunkStatement(schema, prepare);
  return {
    sink: 'postgres',
    async write(batch, records, context) {
      const retired = await partitions.ensure(records.map(dayOf));
      const write = new BatchWrite(batch, records, retired, { pool, statement, partitions, context });
      return write.run();
    },
  };
}

interface Tools {
  readonly pool: Pool;
  readonly statement: ChunkStatement;
  readonly partitions: Partitions;
  readonly context: WriteContext;
}

interface Refusal extends RefusedRecord {
  readonly code: string | undefined;
}

/** The writing of one batch. */
class BatchWrite {
  readonly #batch: BatchRef;
  readonly #records: readonly SpooledRecord[];
  readonly #retired: ReadonlySet<Day>;
  readonly #tools: Tools;
  readonly #refusals: Refusal[] = [];
  #counts: SinkCounts = noCounts;

  constructor(batch: BatchRef, records: readonly SpooledRecord[], retired: ReadonlySet<Day>, tools: Tools) {
    this.#batch = batch;
    this.#records = records;
    this.#retired = retired;
    this.#tools = tools;
  }

  async run(): Promise<WriteResult> {
    for (const [from, to] of chunkBounds(this.#records)) {
      this.#tools.context.signal.throwIfAborted();
      await this.#writeOnConnection(from, to);
      this.#tools.context.onProgress({ rows: to });
    }
    this.#refuseMisconfiguration();
    return { counts: this.#counts, refused: this.#refusals };
  }

  async #writeOnConnection(from: number, to: number): Promise<void> {
    const before = this.#counts;
    const refusedBefore = this.#refusals.length;
    try {
      await withConnection(this.#tools.pool, async (client) => {
        // Of a connection that broke on the way, the tokens tell what it stored.
        this.#counts = before;
        this.#refusals.length = refusedBefore;
        await this.#writeRange(client, from, to);
      });
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Writes rows `from` to `to`, in halves where one of them cannot be stored or all of them take too long. */
  async #writeRange(client: PoolClient, from: number, to: number): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return this.#add(await this.#insert(client, from, to));
      } catch (error) {
        const known = toPostgresError(error);
        switch (actionFor(known)) {
          case 'ensure_partition':
            if (tries >= partitionTries) throw error;
            await this.#ensureAgain(from, to);
            break;
          case 'halve':
            if (tries >= 2) return this.#halve(client, from, to, error);
            break;
          case 'bisect':
            if (to - from > 1) return this.#halve(client, from, to, error);
            return this.#refuse(from, known.code, known.message);
          default:
            throw error;
        }
      }
    }
  }

  async #halve(client: PoolClient, from: number, to: number, error: unknown): Promise<void> {
    if (to - from === 1) throw error;
    const middle = from + Math.floor((to - from) / 2);
    await this.#writeRange(client, from, middle);
    await this.#writeRange(client, middle, to);
  }

  async #insert(client: PoolClient, from: number, to: number): Promise<ChunkCounts & { readonly expired: number }> {
    const { source, firstRunId, number, hash } = this.#batch;
    const chunk = this.#records.slice(from, to);
    const records = this.#retired.size === 0 ? chunk : chunk.filter((record) => !this.#retired.has(dayOf(record)));
    if (records.length === 0) return { written: 0, duplicate: 0, expired: chunk.length };
    const token = `${firstRunId}/${number}/${hash}/${from}-${to}`;
    const counts = await insertChunk(client, this.#tools.statement, { source, records, token });
    // Not `chunk.length - records.length`: when an earlier attempt stored the chunk, a day may not have been retired yet.
    return { ...counts, expired: chunk.length - counts.written - counts.duplicate };
  }

  async #ensureAgain(from: number, to: number): Promise<void> {
    const days = this.#records.slice(from, to).map(dayOf);
    this.#tools.partitions.forget(days);
    await this.#tools.partitions.ensure(days.filter((day) => !this.#retired.has(day)));
  }

  #add({ written, duplicate, expired }: ChunkCounts & { readonly expired: number }): void {
    this.#counts = {
      ...this.#counts,
      written: this.#counts.written + written,
      duplicate: this.#counts.duplicate + duplicate,
      expired: this.#counts.expired + expired,
    };
  }

  #refuse(index: number, code: string | undefined, message: string): void {
    const record = this.#records[index];
    if (record)
      this.#refusals.push({ index, record, code, message: `PostgreSQL refuses the record: ${message} (${code})` });
    this.#counts = { ...this.#counts, refused: this.#counts.refused + 1 };
  }

  #refuseMisconfiguration(): void {
    const [first] = this.#refusals;
    const alike = this.#refusals.filter(({ code }) => code === first?.code).length;
    if (!first || alike < alikeFloor || alike * 2 <= this.#records.length) return;
    throw new SinkMisconfigured(
      `postgres: ${alike} of ${this.#records.length} records of a batch were refused alike, expected single ones: ${first.message}`,
    );
  }

  #failure(error: unknown): DaybookError {
    if (error instanceof DaybookError) return error;
    return postgresFailure(error, `batch ${this.#batch.number} of ${this.#batch.source} could not be stored`);
  }
}

/** Bounds `[from, to)` of the chunks of a batch: the same for the same batch, so that their tokens are. */
export function chunkBounds(records: readonly SpooledRecord[]): [from: number, to: number][] {
  const bounds: [number, number][] = [];
  let from = 0;
  let length = 0;
  for (const [index, record] of records.entries()) {
    const full = index - from >= maxChunkRows || length + record.payload.length > maxChunkLength;
    if (full && index > from) {
      bounds.push([from, index]);
      from = index;
      length = 0;
    }
    length += record.payload.length;
  }
  if (records.length > from) bounds.push([from, records.length]);
  return bounds;
}

function dayOf(record: SpooledRecord): Day {
  return record.occurredAt.slice(0, 10);
}
