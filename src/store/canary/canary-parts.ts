import { DamagedFile } from '../../domain/errors.ts';
import { canarySource } from '../../domain/names.ts';
import type { BatchRef } from '../../domain/run/batch.ts';
import type { SpooledRecord } from '../../domain/run/record.ts';
import type { IsOver } from './canary-blobs.ts';
import { findPart } from '../journal/find-part.ts';
import type { Journal } from '../journal/journal.ts';
import type { JournalFile } from '../journal/journal-file.ts';
import { readWhole } from '../journal/read-whole.ts';

/** Reads the part of a canary back. Null = it holds the record and no other; else what was found. */
export async function problemOfPart(
  journal: Journal,
  batch: BatchRef,
  { sourceId, occurredAt, payload }: SpooledRecord,
): Promise<string | null> {
  const part = await findPart(journal, batch);
  const rows = part && (await readWhole(part));
  if (part === null || rows === null) {
    return `no file of batch ${batch.hash.slice(0, 16)} in ${journal.name}/${journal.paths.part.folder({ source: canarySource })}`;
  }
  if (rows instanceof DamagedFile) return rows.message;
  const [row] = rows;
  if (!row || rows.length > 1) return `found ${rows.length} records in ${part.path}, expected one`;
  const isIt =
    row.source === canarySource &&
    row.sourceId === sourceId &&
    row.occurredAt === occurredAt &&
    row.payload === payload;
  return isIt ? null : `the record in ${part.path} differs from the fetched one`;
}

/** Deletes the parts of canaries that are over, and what kills left of others. */
export async function clearCanaryParts(journal: Journal, isOver: IsOver): Promise<void> {
  for (const day of await journal.partDays(canarySource)) {
    const { parts } = await journal.day(canarySource, day);
    for (const part of parts) if (await mayGo(part, isOver)) await journal.deletePart(part);
  }
  await journal.tidy(canarySource);
}

async function mayGo(part: JournalFile, isOver: IsOver): Promise<boolean> {
  const rows = await readWhole(part);
  if (rows === null) return false;
  const [row] = rows instanceof DamagedFile ? [] : rows;
  // An unreadable part is useless to any canary.
  return row === undefined || isOver(row.sourceId);
}
