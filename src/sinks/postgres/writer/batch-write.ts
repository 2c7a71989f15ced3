import type { Pool, PoolClient } from 'pg';
import type { BatchRef } from '../../../domain/run/batch.ts';
import type { Day } from '../../../domain/time/day.ts';
import type { SinkMisconfigured } from '../../../domain/errors.ts';
import { noCounts, type SinkCounts } from '../../../domain/run/receipt.ts';
import type { SpooledRecord } from '../../../domain/run/record.ts';
import type { WriteContext, WriteResult } from '../../storage-writer.ts';
import { chunkBounds } from './chunk-bounds.ts';
import { withConnection } from '../connection/connection.ts';
import { insertChunk, type ChunkCounts, type ChunkStatement } from './insert-chunk.ts';
import type { EnsuredDays, Partitions } from '../days/partitions.ts';
import { toPostgresError } from '../connection/postgres-failure.ts';
import { Refusals, sampleRows } from './refusals.ts';
import type { SlowChunks } from './slow-chunks.ts';
import { actionFor, rowDoubt, type PostgresError } from '../connection/sql-state.ts';
import { chunkToken, readStoredChunks, type StoredChunks } from './stored-chunks.ts';

export interface BatchWriteInput {
  readonly batch: BatchRef;
  readonly records: readonly SpooledRecord[];
  /** What is known of its days. */
  readonly days: EnsuredDays;
  readonly pool: Pool;
  readonly slow: SlowChunks;
  readonly statement: ChunkStatement;
  readonly partitions: Partitions;
  readonly context: WriteContext;
}

/** Tries of a chunk whose partition is missing although it was made. */
const partitionTries = 5;
/** From this many rows on, a few are tried alone before all are searched: the error may not concern a single row. */
const sampledChunk = 20;
/** How many of them. */
const suspectSample = 5;
/** A usually transient error counts as lasting after this many attempts of this worker. */
const lastingAttempts = 3;

/** Whether an error is that of a row, or only may be. */
type Doubt = 'certain' | 'suspected';

/** A row that failed alone with an error that may be a fault of configuration. */
interface Suspect {
  readonly index: number;
  readonly error: unknown;
}

/** The writing of one batch. */
export class BatchWrite {
  readonly #input: BatchWriteInput;
  readonly #refusals: Refusals;
  readonly #suspects: Suspect[] = [];
  /** Rows that took too long alone: all others first. */
  readonly #slowRows: number[] = [];
  #areOthersWritten = false;
  /** Codes that this attempt has met, and whether each attempt met them. */
  readonly #lasting = new Map<string, boolean>();
  /** Whether a row was suspected, a new row was stored since, and the chunk at hand was looked at for that. */
  #suspicion = { raised: false, othersStored: false, sampled: false };
  #retired: ReadonlySet<Day>;
  /** Days that have no partition, and cannot get one: their rows are deferred, those of other days are stored. */
  #blocked: ReadonlyMap<Day, SinkMisconfigured>;
  #counts: SinkCounts = noCounts;
  /** What earlier attempts have stored; null if this one may have stored something since it was read. */
  #stored: StoredChunks | null = null;
  /** How often records of the source had been removed when this attempt began. */
  #removals: number | null = null;

  constructor(input: BatchWriteInput) {
    this.#input = input;
    this.#retired = input.days.retired;
    this.#blocked = input.days.blocked;
    this.#refusals = new Refusals(input.records.length);
  }

  async run(): Promise<WriteResult> {
    const { records, context } = this.#input;
    for (const [from, to] of chunkBounds(records)) {
      await this.#writeChunk(from, to);
      context.onProgress({ rows: to });
    }
    this.#areOthersWritten = true;
    for (const index of randomOf(this.#slowRows)) await this.#writeChunk(index, index + 1);
    await this.#settleSuspects();
    for (const problem of this.#blocked.values()) throw problem;
    this.#refusals.assertSingle();
    return { counts: this.#counts, refused: this.#refusals.all };
  }

  async #writeChunk(from: number, to: number): Promise<void> {
    const before = this.#counts;
    const [refused, suspected, slow] = [this.#refusals.count, this.#suspects.length, this.#slowRows.length];
    for (let tries = 1; ; tries++) {
      try {
        return await withConnection(this.#input.pool, async (client) => {
          // The tokens show what an interrupted attempt stored.
          this.#counts = before;
          this.#refusals.cutTo(refused);
          this.#suspects.length = suspected;
          this.#slowRows.length = slow;
          this.#suspicion = { ...this.#suspicion, sampled: false };
          this.#stored ??= await readStoredChunks(client, this.#input.statement, this.#input.batch);
          this.#removals ??= this.#stored.removals;
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
    if (this.#isBlocked(from, to)) return single ? undefined : this.#writeHalves(client, stored, from, to);
    const isTooSlow = slow.isTooSlow(token);
    if (single && isTooSlow && !this.#areOthersWritten) return void this.#slowRows.push(from);
    if (stored.holdsPartOf(from, to) || (isTooSlow && !single)) return this.#writeHalves(client, stored, from, to);
    try {
      this.#add(await this.#insert(client, from, to), to - from);
    } catch (error) {
      const doubt = this.#doubtOf(toPostgresError(error));
      if (doubt && single) return this.#refuseOrSuspect(client, stored, from, error, doubt);
      if (doubt === 'suspected' && to - from > sampledChunk) await this.#assertNotAll(client, stored, from, to, error);
      const halve = doubt !== null || (actionFor(toPostgresError(error)) === 'halve' && slow.timedOut(token));
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
    const rows = this.#input.records.slice(from, to);
    const records = this.#retired.size === 0 ? rows : rows.filter((record) => !this.#retired.has(dayOf(record)));
    if (records.length === 0) return { written: 0, duplicate: 0 };
    const chunk = { source: batch.source, records, token: chunkToken(batch, from, to), removals: this.#removals ?? 0 };
    const counts = await insertChunk(client, statement, chunk);
    if (counts.written > 0) {
      this.#refusals.stored();
      this.#suspicion.othersStored = this.#suspicion.raised;
    }
    return counts;
  }

  /** Whether an error may be that of a single row, at this attempt. */
  #doubtOf(error: PostgresError): Doubt | null {
    const doubt = rowDoubt(error);
    if (!doubt || (doubt.lasting && !this.#lasts(error.code ?? ''))) return null;
    if (!doubt.certain) this.#suspicion.raised = true;
    return doubt.certain ? 'certain' : 'suspected';
  }

  #lasts(code: string): boolean {
    const { batch, slow } = this.#input;
    const lasts = this.#lasting.get(code) ?? slow.cameBack(`${chunkToken(batch, 0, 0)} ${code}`) >= lastingAttempts;
    this.#lasting.set(code, lasts);
    return lasts;
  }

  async #refuseOrSuspect(
    client: PoolClient,
    stored: StoredChunks,
    index: number,
    error: unknown,
    doubt: Doubt,
  ): Promise<void> {
    if (doubt === 'suspected') return void this.#suspects.push({ index, error });
    this.#refuse(index, toPostgresError(error));
    const { length } = this.#input.records;
    if (!this.#refusals.mayBeAll(length - index - 1)) return;
    const { code } = toPostgresError(error);
    if (await this.#failAlike(client, stored, [index + 1, length], sampleRows, code)) {
      throw this.#refusals.allAlike(sampleRows);
    }
  }

  /** Checks whether single rows are at fault: trying each of a thousand would only fill the server's log. */
  async #assertNotAll(client: PoolClient, stored: StoredChunks, from: number, to: number, error: unknown) {
    if (this.#suspicion.sampled) return;
    this.#suspicion.sampled = true;
    if (await this.#failAlike(client, stored, [from, to], suspectSample, toPostgresError(error).code)) throw error;
  }

  /** Whether this many rows, picked at random, fail alone with the same code. The first that does not ends the search. */
  async #failAlike(
    client: PoolClient,
    stored: StoredChunks,
    [from, to]: readonly [number, number],
    rows: number,
    code: string | undefined,
  ): Promise<boolean> {
    const indexes = Array.from({ length: to - from }, (_, n) => from + n).filter((n) => !this.#isBlocked(n, n + 1));
    for (const index of randomOf(indexes).slice(0, rows)) {
      if (stored.covers(index)) return false;
      try {
        stored.add(index, index + 1, await this.#insert(client, index, index + 1));
        return false;
      } catch (error) {
        const known = toPostgresError(error);
        if (known.code === code) continue;
        if (this.#doubtOf(known)) return false;
        throw error;
      }
    }
    return true;
  }

  /**
   * Refuses rows whose error may be a fault of configuration, if they fail again after new rows of the batch were stored. If none
   * was stored, it is that fault.
   */
  async #settleSuspects(): Promise<void> {
    const [first] = this.#suspects;
    if (!first) return;
    if (!this.#suspicion.othersStored) throw first.error;
    for (const { index } of this.#suspects) {
      await withConnection(this.#input.pool, async (client) => {
        try {
          this.#add(await this.#insert(client, index, index + 1), 1);
        } catch (error) {
          if (!this.#doubtOf(toPostgresError(error))) throw error;
          this.#refuse(index, toPostgresError(error));
        }
      });
    }
  }

  async #ensureAgain(from: number, to: number): Promise<void> {
    const { records, partitions } = this.#input;
    const days = records.slice(from, to).map(dayOf);
    partitions.forget(days);
    const { retired, blocked } = await partitions.ensure(days);
    this.#retired = new Set([...this.#retired, ...retired]);
    this.#blocked = new Map([...this.#blocked, ...blocked]);
  }

  #isBlocked(from: number, to: number): boolean {
    if (this.#blocked.size === 0) return false;
    return this.#input.records.slice(from, to).some((record) => this.#blocked.has(dayOf(record)));
  }

  /** Adds what a chunk of `rows` did; rows that were neither written nor already stored were for retired days. */
  #add({ written, duplicate }: ChunkCounts, rows: number): void {
    this.#counts = {
      ...this.#counts,
      written: this.#counts.written + written,
      duplicate: this.#counts.duplicate + duplicate,
      expired: this.#counts.expired + rows - written - duplicate,
    };
  }

  #refuse(index: number, error: PostgresError): void {
    const record = this.#input.records[index];
    if (record) this.#refusals.add(index, record, error);
    this.#counts = { ...this.#counts, refused: this.#counts.refused + 1 };
  }
}

/** The same values in random order. */
function randomOf(values: readonly number[]): number[] {
  return values
    .map((value) => ({ value, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ value }) => value);
}

function dayOf(record: SpooledRecord): Day {
  return record.occurredAt.slice(0, 10);
}
