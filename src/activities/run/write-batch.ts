import { log } from '@temporalio/activity';
import type { BatchRef } from '../../domain/run/batch.ts';
import { shapingPlan } from '../../config/plan/shaping-plan.ts';
import { hiddenValue } from '../../domain/plan/shaping-plan.ts';
import { BatchDamaged, BatchGone, ReceiptUnbalanced } from '../../domain/errors.ts';
import { sumCounts, type SinkCounts } from '../../domain/run/receipt.ts';
import type { SpooledRecord } from '../../domain/run/record.ts';
import type { NewDeadLetter } from '../../domain/dead-letters/dead-letter.ts';
import type { RefusedRecord, StorageWriter, WriteContext } from '../../sinks/storage-writer.ts';
import { readBatch } from '../../store/delivery/batches.ts';
import { writeDeadLetters } from '../../store/dead-letters/dead-letters.ts';
import { rebuildBatch } from '../../store/journal/rebuild-batch.ts';
import type { Uses } from '../support/dependencies.ts';
import { logDeadLetters } from '../dead-letters/log-dead-letters.ts';
import { adapterContext } from '../support/adapter-context.ts';
import { batchWritten } from '../support/events.ts';
import { asJson, redactDeadLetter } from '../dead-letters/redact-dead-letter.ts';
import { redactorFor, type SecretAccess } from '../support/source-secrets.ts';

/** What a batch is written with, besides its writer. */
export type WriteTools = SecretAccess & Uses<'store' | 'journal' | 'measures'>;

export interface WriteBatchInput {
  readonly batch: BatchRef;
  /** Attempts that another activity has made: log lines count them. */
  readonly attemptsBefore?: number;
}

/**
 * The activities that write a batch to its sinks. Safe to repeat because the writers are: see `StorageWriter`.
 */
export function createWriteBatch(dependencies: WriteTools & Uses<'csv' | 'postgres' | 'recentBatches'>) {
  return {
    writeCsv: (input: WriteBatchInput) => writeBatch(dependencies, dependencies.csv, input),
    writePostgres: (input: WriteBatchInput) => writeBatch(dependencies, dependencies.postgres, input),
  };
}

async function writeBatch(
  dependencies: WriteTools & Uses<'recentBatches'>,
  writer: StorageWriter,
  { batch }: WriteBatchInput,
): Promise<SinkCounts> {
  const recent = dependencies.recentBatches.take(batch, writer.sink);
  const records = recent ?? (await readAgain(dependencies, batch));
  return writeRecords(dependencies, writer, batch, records, adapterContext());
}

/**
 * Writes a batch to a sink; what the sink refuses becomes dead letters. A damaged batch is rebuilt first, where its CSV part
 * is whole.
 * @throws BatchGone, BatchDamaged, ReceiptUnbalanced, and what the writer throws
 */
export async function writeTo(
  dependencies: WriteTools,
  writer: StorageWriter,
  batch: BatchRef,
  context: WriteContext,
): Promise<SinkCounts> {
  return writeRecords(dependencies, writer, batch, await readOrRebuild(dependencies, batch), context);
}

/**
 * The same for a batch of a run that is still open. It may have been released: the step that wrote it and ended the run was lost
 * before its workflow knew. Its CSV part is whole then, and each sink repeats what it counted.
 */
export async function readAgain(dependencies: Uses<'store' | 'journal'>, batch: BatchRef): Promise<SpooledRecord[]> {
  try {
    return await readOrRebuild(dependencies, batch);
  } catch (error) {
    const records =
      error instanceof BatchGone ? await rebuildBatch(dependencies.store, dependencies.journal, batch) : null;
    if (!records) throw error;
    return records;
  }
}

async function readOrRebuild({ store, journal }: Uses<'store' | 'journal'>, batch: BatchRef): Promise<SpooledRecord[]> {
  try {
    return await readBatch(store, batch);
  } catch (error) {
    if (!(error instanceof BatchDamaged)) throw error;
    const records = await rebuildBatch(store, journal, batch);
    if (!records) throw error;
    const { source, number, records: count } = batch;
    log.warn('Damaged batch rebuilt from its CSV part', { source, batch: number, records: count });
    return records;
  }
}

/** The same for given records. */
export async function writeRecords(
  dependencies: WriteTools,
  writer: StorageWriter,
  batch: BatchRef,
  records: readonly SpooledRecord[],
  context: WriteContext,
): Promise<SinkCounts> {
  const { store } = dependencies;
  const redact = redactorFor(batch.source, dependencies);
  const startedMs = performance.now();
  const { counts, refused } = await writer.write(batch, records, context);
  const settled = sumCounts(counts);
  if (settled !== batch.records) {
    throw new ReceiptUnbalanced(
      `${writer.sink}: ${batch.source} batch ${batch.number}: found ${settled} records accounted for, expected ${batch.records}`,
    );
  }
  const shaping = shapingOf(batch.source, dependencies);
  const letters = refused.map((record) => redactDeadLetter(deadLetterOf(record, shaping), redact));
  await writeDeadLetters(store, batch, batch.number, '-refused', letters);
  batchWritten(dependencies, writer.sink, batch, counts, startedMs);
  logDeadLetters(batch, batch.number, letters);
  return counts;
}

/** PostgreSQL refuses records of a batch, which no longer has pages: page 0, and the position in the batch. */
function deadLetterOf({ index, record, message }: RefusedRecord, shaping: BatchShaping): NewDeadLetter {
  const at = new Date().toISOString();
  // Where the record has no time of its own, this was the clock's when it was fetched.
  const fetchedAt = record.occurredAt;
  const { sourceId, payload } = record;
  const letter = { reason: 'unstorable', at, page: 0, index, fetchedAt, recordText: asJson(payload) } as const;
  if (shaping === 'none') return { ...letter, message, sourceId };
  if (shaping === 'open') return { ...letter, message, sourceId, shaped: true };
  // The server may quote a value.
  const code = /\(\w{5}\)$/.exec(message)?.[0] ?? '';
  return { ...letter, message: `PostgreSQL refuses the record; why is ${hiddenValue} ${code}`.trimEnd(), shaped: true };
}

/** Whether the records of a source are shaped, and no value of them may be shown. */
type BatchShaping = 'none' | 'open' | 'masked';

function shapingOf(name: string, { config }: SecretAccess): BatchShaping {
  const source = config.current().config.sources.find((one) => one.name === name);
  const plan = source && shapingPlan(source);
  if (!plan) return 'none';
  return plan.mask ? 'masked' : 'open';
}
