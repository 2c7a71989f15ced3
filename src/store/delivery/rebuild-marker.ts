import { setImmediate as breathe } from 'node:timers/promises';
import type { BatchRef, RunRef } from '../../domain/run/batch.ts';
import { batchHash } from './batches.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { DeferredBatch } from './deferred-batch.ts';
import { storePaths } from '../paths/paths.ts';
import { storedJson } from '../blobs/stored-json.ts';

/** Bytes that are hashed to find a batch's number: some ten seconds' work, thousands of batches of the usual size. */
const maxHashedBytes = 16 * 1024 ** 3;
const maxNumber = 100_000;

/**
 * Writes a damaged marker again: its name has the batch's hash and time, the batch in the spool the rest. Why and since when the
 * batch is deferred is no longer known. Safe to repeat.
 * @returns null if the batch is gone, or is not what its hash says
 */
export async function rebuildMarker(store: BlobStore, path: string): Promise<DeferredBatch | null> {
  const named = storePaths.marker.parse(path);
  const batch = named && (await referToBatch(store, named));
  if (!batch) return null;
  const reason = 'its marker was damaged and was rebuilt from the batch';
  const deferred: DeferredBatch = { batch, reason, since: batch.ingestedAt };
  await store.put(path, storedJson(deferred));
  return deferred;
}

/**
 * The reference of a batch in the spool.
 * @param named its hash, or how that begins
 * @returns null if it is gone, or is not what its hash says
 */
export async function referToBatch(
  store: BlobStore,
  named: Pick<BatchRef, 'source' | 'hash' | 'ingestedAt'>,
): Promise<BatchRef | null> {
  const found = await findBatch(store, named.source, named.hash);
  const content = found && (await store.get(storePaths.batch.build(found)));
  if (!content) return null;
  const number = await numberOf(found, content, found.hash);
  if (number === null) return null;
  return { ...found, number, records: linesOf(content), bytes: content.length, ingestedAt: named.ingestedAt };
}

/** The batch in the spool whose hash begins so; null if none does. */
export async function findBatch(
  store: BlobStore,
  source: string,
  hash: string,
): Promise<(RunRef & { readonly hash: string }) | null> {
  for (const path of await store.list(storePaths.batch.folder({ source }))) {
    const batch = storePaths.batch.parse(path);
    if (batch?.hash.startsWith(hash)) return batch;
  }
  return null;
}

/** Whether a batch is where its reference says. */
export async function isSpooled(store: BlobStore, batch: BatchRef): Promise<boolean> {
  return (await store.list(storePaths.batch.folder(batch))).includes(storePaths.batch.build(batch));
}

/** The hash is that of run, number and content: the number that fits is the batch's. */
async function numberOf({ firstRunId }: RunRef, content: Buffer, hash: string): Promise<number | null> {
  const maxTries = Math.min(maxNumber, maxHashedBytes / Math.max(1, content.length));
  for (let number = 0; number < maxTries; number++) {
    if (batchHash(firstRunId, number, content) === hash) return number;
    await breathe();
  }
  return null;
}

function linesOf(content: Buffer): number {
  let lines = 0;
  for (let at = content.indexOf(newline); at !== -1; at = content.indexOf(newline, at + 1)) lines++;
  return lines;
}

const newline = 0x0a;
