import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BatchRef } from '../../domain/batch.ts';
import { DamagedFile } from '../../domain/errors.ts';
import type { SpooledRecord } from '../../domain/record.ts';
import { restoreBatch } from '../batches.ts';
import type { BlobStore } from '../blob-store.ts';
import { isMissing } from '../file-errors.ts';
import type { JournalFile, JournalFolders } from './journal-files.ts';
import { readJournal } from './read-journal.ts';

/**
 * Rebuilds a damaged batch of the spool from the CSV part of the same batch. The hash of the batch decides: a part that is
 * not whole, or from which repeats of a key were left out, does not make the same batch.
 * @returns the records, which are in the spool again; null where there is no such part
 */
export async function rebuildBatch(
  store: BlobStore,
  folders: JournalFolders,
  batch: BatchRef,
): Promise<SpooledRecord[] | null> {
  for (const part of await partsOf(folders, batch)) {
    const records = await recordsOf(part);
    if (records && (await restoreBatch(store, batch, records))) return records;
  }
  return null;
}

async function partsOf({ csv }: JournalFolders, { source, ingestedAt, hash }: BatchRef): Promise<JournalFile[]> {
  const day = ingestedAt.slice(0, 10);
  const start = `${ingestedAt.replaceAll(/[-:.]/g, '')}-${hash.slice(0, 16)}`;
  try {
    const names = (await readdir(join(csv, source, day))).filter((name) => name.startsWith(start));
    return names.map((name) => ({
      ...{ kind: 'part', path: join(csv, source, day, name), name: `${source}/${day}/${name}` },
    }));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Null where the part is damaged or gone. */
async function recordsOf(part: JournalFile): Promise<SpooledRecord[] | null> {
  const records: SpooledRecord[] = [];
  try {
    for await (const rows of readJournal(part, refuse)) {
      for (const { sourceId, occurredAt, payload } of rows) records.push({ sourceId, occurredAt, payload });
    }
    return records;
  } catch (error) {
    if (error instanceof DamagedFile || isMissing(error)) return null;
    throw error;
  }
}

function refuse(damage: DamagedFile): never {
  throw damage;
}
