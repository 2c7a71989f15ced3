import type { BatchRef } from '../../domain/run/batch.ts';
import { DamagedFile } from '../../domain/errors.ts';
import type { SpooledRecord } from '../../domain/run/record.ts';
import { restoreBatch } from '../delivery/batches.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { findPart } from './find-part.ts';
import type { Journal } from './journal.ts';
import { readWhole } from './read-whole.ts';

/**
 * Rebuilds a batch of the spool that is damaged or gone from the CSV part of the same batch. The hash of the batch decides: a part that is not
 * whole, or without repeats of a key, does not give the same batch.
 * @returns the records, which are in the spool again; null if there is no such part
 */
export async function rebuildBatch(
  store: BlobStore,
  journal: Journal,
  batch: BatchRef,
): Promise<SpooledRecord[] | null> {
  const part = await findPart(journal, batch);
  const rows = part && (await readWhole(part));
  if (rows === null || rows instanceof DamagedFile) return null;
  const records = rows.map(({ sourceId, occurredAt, payload }) => ({ sourceId, occurredAt, payload }));
  return (await restoreBatch(store, batch, records)) ? records : null;
}
