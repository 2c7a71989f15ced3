import type { Pool, PoolClient } from 'pg';
import type { BatchRef } from '../../domain/batch.ts';
import type { Day } from '../../domain/day.ts';
import { SinkMisconfigured } from '../../domain/errors.ts';
import { within } from '../../domain/within.ts';
import { noCounts, type SinkCounts } from '../../domain/receipt.ts';
import type { SpooledRecord } from '../../domain/record.ts';
import type { RefusedRecord, StorageWriter, WriteContext, WriteResult } from '../storage-writer.ts';
import { chunkBounds } from './chunk-bounds.ts';
import { withConnection } from './connection.ts';
import { chunkStatement, insertChunk, type ChunkCounts, type ChunkStatement } from './insert-chunk.ts';
import { createPartitions, type Partitions } from './partitions.ts';
import { postgresFailure, toPostgresError } from './postgres-failure.ts';
import { actionFor } from './sql-state.ts';
import { SlowChunks } from './slow-chunks.ts';
import { chunkToken, readStoredChunks, type StoredChunks } from './stored-chunks.ts';

export interface PostgresWriterOptions {
  readonly pool: Pool;
  readonly schema: string;
  readonly prepare: boolean;
}

/** How long the server may take to say that it is there. */
const probeMs = 2_000;
/** Tries of a chunk whose partition is missing although it was made. */
const partitionTries = 5;
/** From this many refused rows on, over half of a batch refused alike is taken for a fault of configuration. */
const alikeFloor = 20;

/** Stores batches in `raw_events`, each key once, chunk by chunk in statements that may be repeated. */
export function createPostgresWriter({ pool, schema, prepare }: PostgresWriterOptions): StorageWriter {
  const partitions = createPartitions(pool, schema);
  const statement = chunkStatement(schema, prepare);
  const slow = new SlowChunks();
  return {
    sink: 'postgres',
    async probe() {
      try {
        await within(
          probeMs,
          withConnection(pool, async (client) => client.query('select 1')),
        );
      } catch (error) {
        throw postgresFailure(error, 'PostgreSQL does not answer');
      }
    },
    async write(batch, records, context) {
      const what = `batch ${batch.number} of ${batch.source} could not be stored`;
      try {
        const retired = await partitions.ensure(records.map(dayOf));
        const tools = { pool, schema, statement, partitions, slow, context };
        return await new BatchWrite({ ...tools, batch, records, retired }).run();
      } catch (error) {
        if (context.signal.aborted) throw error;
        throw postgresFailure(error, what);
      }
    },
  };
}

interface BatchWriteInput {
  readonly batch: BatchRef;
  readonly records: readonly SpooledRecord[];
  readonly retired: ReadonlySet<Day>;
  readonly pool: Pool;
  readonly schema: string;
  readonly slow: SlowChunks;
  readonly statement: ChunkStatement;
  readonly partitions: Partitions;
  readonly context: WriteContext;
}

interface Refusal extends RefusedRecord {
  readonly code: string | undefined;
}

/** The writing of one batch. */
class BatchWrite {
  readonly #input: BatchWriteInput;
  readonly #refusals: Refusal[] = [];
  #retired: ReadonlySet<Day>;
  #counts: SinkCounts = noCounts;
  /** What earlier attempts have stored; null where this one may have stored something since it was read. */
  #stored: StoredChunks | null = null;

  constructor(input: BatchWriteInput) {
    this.#input = input;
    this.#retired = input.retired;
  }

  async run(): Promise<WriteResult> {
    const { records, context } = this.#input;
    for (const [from, to] of chunkBounds(records)) {
      await this.#writeChunk(from, to);
      context.onProgress({ rows: to });
    }
    this.#refuseMisconfiguration();
    return { counts: this.#counts, refused: this.#refusals };
  }

  async #writeChunk(from: number, to: number): Promise<void> {
    const before = this.#counts;
    const refusedBefore = this.#refusals.length;
    for (let tries = 1; ; tries++) {
      try {
        return await withConnection(this.#input.pool, async (client) => {
          // Of a try that broke on the way, the tokens tell what it stored.
          this.#counts = before;
          this.#refusals.length = refusedBefore;
          this.#stored ??= await readStoredChunks(client, this.#input.schema, this.#input.batch);
          await this.#writeRange(client, this.#stored, from, to).catch((error: unknown) => {
            this.#stored = null;
            throw error;
          });
        });
      } catch (error) {
        if (tries === partitionTries || actionFor(toPostgresError(error)) !== 'ensure_partition') throw error;
        // No connection is held here: making partitions takes one of its own.
        await this.#ensureAgain(from, to);
      }
    }
  }

  /** Writes rows `from` to `to`, in halves where one of them cannot be stored or all of them take too long. */
  async #writeRange(client: PoolClient, stored: StoredChunks, from: number, to: number): Promise<void> {
    const { batch, context, slow } = this.#input;
    context.signal.throwIfAborted();
    const earlier = stored.find(from, to);
    if (earlier) return this.#add(earlier, to - from);
    const token = chunkToken(batch, from, to);
    const single = to - from === 1;
    if (stored.holdsPartOf(from, to) || (slow.isTooSlow(token) && !single)) {
      return this.#writeHalves(client, stored, from, to);
    }
    try {
      this.#add(await this.#insert(client, from, to), to - from);
    } catch (error) {
      const known = toPostgresError(error);
      const action = actionFor(known);
      if (action === 'bisect' && single) return this.#refuse(from, known.code, known.message);
      const halve = action === 'bisect' || (action === 'halve' && slow.timedOut(token));
      if (!halve || single) throw error;
      return this.#writeHalves(client, stored, from, to);
    }
  }

  async #writeHalves(client: PoolClient, stored: StoredChunks, from: number, to: number): Promise<void> {
    const middle = from + Math.floor((to - from) / 2);
    await this.#writeRange(client, stored, from, middle);
    await this.#writeRange(client, stored, middle, to);
  }

  async #insert(client: PoolClient, from: number, to: number): Promise<ChunkCounts> {
    const { batch, statement } = this.#input;
    const chunk = this.#input.records.slice(from, to);
    const records = this.#retired.size === 0 ? chunk : chunk.filter((record) => !this.#retired.has(dayOf(record)));
    if (records.length === 0) return { written: 0, duplicate: 0 };
    return insertChunk(client, statement, { source: batch.source, records, token: chunkToken(batch, from, to) });
  }

  async #ensureAgain(from: number, to: number): Promise<void> {
    const { records, partitions } = this.#input;
    const days = records.slice(from, to).map(dayOf);
    partitions.forget(days);
    this.#retired = new Set([...this.#retired, ...(await partitions.ensure(days))]);
  }

  /** Adds what a chunk of `rows` did; those it neither wrote nor knew were of retired days. */
  #add({ written, duplicate }: ChunkCounts, rows: number): void {
    this.#counts = {
      ...this.#counts,
      written: this.#counts.written + written,
      duplicate: this.#counts.duplicate + duplicate,
      expired: this.#counts.expired + rows - written - duplicate,
    };
  }

  #refuse(index: number, code: string | undefined, message: string): void {
    const record = this.#input.records[index];
    const text = `PostgreSQL refuses the record: ${message} (${code})`;
    if (record) this.#refusals.push({ index, record, code, message: text });
    this.#counts = { ...this.#counts, refused: this.#counts.refused + 1 };
  }

  #refuseMisconfiguration(): void {
    const total = this.#input.records.length;
    for (const code of new Set(this.#refusals.map((refusal) => refusal.code))) {
      const alike = this.#refusals.filter((refusal) => refusal.code === code);
      if (alike.length < alikeFloor || alike.length * 2 <= total) continue;
      throw new SinkMisconfigured(
        `postgres: ${alike.length} of ${total} records of a batch were refused alike, expected single ones: ${alike[0]?.message}`,
      );
    }
  }
}

function dayOf(record: SpooledRecord): Day {
  return record.occurredAt.slice(0, 10);
}
