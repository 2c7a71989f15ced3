import { createHash } from 'node:crypto';
import type { BatchRef, RunRef } from '../../domain/run/batch.ts';
import { BatchDamaged, BatchGone } from '../../domain/errors.ts';
import type { AcceptedRecord, SpooledRecord } from '../../domain/run/record.ts';
import { formatMicros, type Micros } from '../../domain/time/timestamp.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import type { RecentBatches } from './recent-batches.ts';

/** Most records of a batch. */
export const maxBatchRecords = 5_000;
/** Payload bytes at which a batch is closed; a single larger record makes a larger batch. */
export const maxBatchBytes = 8 * 1024 * 1024;

/**
 * Stores records as batches numbered from `number` on. Safe to repeat because a batch's name is its content.
 * @param recent keeps them for the sinks, too
 */
export async function spoolRecords(
  store: BlobStore,
  run: RunRef,
  number: number,
  records: readonly AcceptedRecord[],
  ingestedAt: Date,
  recent: RecentBatches | null = null,
): Promise<BatchRef[]> {
  const references: BatchRef[] = [];
  for (const batch of splitBatches(records)) {
    const spooled = batch.map(spooledRecord);
    const reference = await spoolBatch(store, run, number + references.length, batch, spooled, ingestedAt);
    recent?.keep(reference, spooled);
    references.push(reference);
  }
  return references;
}

/** Cuts records into lists of at most {@link maxBatchRecords} and, but for single larger records, {@link maxBatchBytes}. */
export function splitBatches(records: readonly AcceptedRecord[]): AcceptedRecord[][] {
  const batches: AcceptedRecord[][] = [];
  let bytes = 0;
  for (const record of records) {
    const last = batches.at(-1);
    const size = Buffer.byteLength(record.payload);
    bytes += size;
    if (last && last.length < maxBatchRecords && bytes <= maxBatchBytes) last.push(record);
    else {
      batches.push([record]);
      bytes = size;
    }
  }
  return batches;
}

async function spoolBatch(
  store: BlobStore,
  { source, workflowId, firstRunId }: RunRef,
  number: number,
  records: readonly AcceptedRecord[],
  spooled: readonly SpooledRecord[],
  ingestedAt: Date,
): Promise<BatchRef> {
  const content = contentOf(spooled);
  const reference: BatchRef = {
    source,
    workflowId,
    firstRunId,
    number,
    hash: batchHash(firstRunId, number, content),
    records: records.length,
    bytes: content.length,
    ...earliestOf(records),
    ingestedAt: ingestedAt.toISOString(),
  };
  const path = storePaths.batch.build(reference);
  // An earlier attempt may have left it, and it may be damaged since.
  if (!(await store.putIfAbsent(path, content)) && (await store.get(path))?.equals(content) !== true) {
    await store.put(path, content);
  }
  return reference;
}

function spooledRecord({ sourceId, occurredAt, payload }: AcceptedRecord): SpooledRecord {
  return { sourceId, occurredAt: formatMicros(occurredAt), payload };
}

/** A line for each record: `["<id>","<time>",<payload>]`. */
function contentOf(records: readonly SpooledRecord[]): Buffer {
  let text = '';
  for (const { sourceId, occurredAt, payload } of records) {
    text += `[${JSON.stringify(sourceId)},"${occurredAt}",${payload}]\n`;
  }
  return Buffer.from(text);
}

function earliestOf(records: readonly AcceptedRecord[]): Pick<BatchRef, 'earliest'> {
  let earliest: Micros | null = null;
  for (const { occurredAt, cursorTime = occurredAt } of records) {
    if (cursorTime === null) return {};
    if (earliest === null || cursorTime < earliest) earliest = cursorTime;
  }
  return earliest === null ? {} : { earliest: formatMicros(earliest) };
}

/** Of run, number and content, in hex. */
export function batchHash(firstRunId: string, number: number, content: Uint8Array): string {
  return createHash('sha256').update(`${firstRunId}/${number}\n`).update(content).digest('hex');
}

/**
 * Reads a batch back, in page order. What is read is what was spooled: count and hash are compared.
 * @throws BatchGone if the spool no longer has it
 * @throws BatchDamaged if its content is not what was spooled
 */
export async function readBatch(store: BlobStore, reference: BatchRef): Promise<SpooledRecord[]> {
  const content = await store.get(storePaths.batch.build(reference));
  if (!content) {
    throw new BatchGone(
      `spool: ${reference.source} batch ${reference.number} (${storePaths.batch.build(reference)}) is missing, but not every sink has stored it yet`,
    );
  }
  const hash = batchHash(reference.firstRunId, reference.number, content);
  if (hash !== reference.hash) throw damaged(reference, `its content has the hash ${hash}`);
  const lines = content.toString().split('\n');
  lines.pop();
  if (lines.length !== reference.records) throw damaged(reference, `it has ${lines.length} records`);
  return lines.map(parseLine);
}

function damaged(reference: BatchRef, found: string): BatchDamaged {
  const { source, number, records, hash } = reference;
  return new BatchDamaged(
    `spool: ${source} batch ${number} (${storePaths.batch.build(reference)}) is damaged: ${found}, expected ${records} records with the hash ${hash}; none of it was stored`,
  );
}

/**
 * Puts a damaged batch back from records that were written elsewhere.
 * @returns false if they are not just the records of the batch, in its order: then nothing changes
 */
export async function restoreBatch(
  store: BlobStore,
  reference: BatchRef,
  records: readonly SpooledRecord[],
): Promise<boolean> {
  const content = contentOf(records);
  if (batchHash(reference.firstRunId, reference.number, content) !== reference.hash) return false;
  await store.put(storePaths.batch.build(reference), content);
  return true;
}

export async function deleteBatch(store: BlobStore, reference: BatchRef): Promise<void> {
  await store.delete(storePaths.batch.build(reference));
}

/** The ids of a batch's records, as far as they can be read; none if the batch is gone. */
export async function spooledKeys(store: BlobStore, path: string): Promise<string[]> {
  const lines = (await store.get(path))?.toString().split('\n') ?? [];
  return lines.flatMap((line) => {
    try {
      return line === '' ? [] : [parseLine(line).sourceId];
    } catch {
      return [];
    }
  });
}

const timeLength = 27;

function parseLine(line: string): SpooledRecord {
  let quote = line.indexOf('"', 2);
  while (isEscaped(line, quote)) quote = line.indexOf('"', quote + 1);
  const timeStart = quote + 3;
  const timeEnd = timeStart + timeLength;
  return {
    sourceId: JSON.parse(line.slice(1, quote + 1)) as string,
    occurredAt: line.slice(timeStart, timeEnd),
    payload: line.slice(timeEnd + 2, -1),
  };
}

function isEscaped(line: string, index: number): boolean {
  let backslashes = 0;
  while (line.charCodeAt(index - 1 - backslashes) === 0x5c) backslashes++;
  return backslashes % 2 === 1;
}
