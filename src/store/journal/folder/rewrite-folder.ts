import { hash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { csvPart } from '../../../formats/csv/csv-part.ts';
import { DamagedFile } from '../../../domain/errors.ts';
import type { Day } from '../../../domain/time/day.ts';
import { createDirectoryStore } from '../../blobs/directory-store.ts';
import { journalPaths } from '../../paths/paths.ts';
import type { JournalFile } from '../journal-file.ts';
import type { Rewrite } from '../merge-day.ts';
import { readWhole } from '../read-whole.ts';
import { journalDay, journalDays, type JournalFolders } from './folder-files.ts';
import { requireLock, rewriteSealedDay } from './seal-day.ts';
import { withSealLock } from './seal-lock.ts';

/** Writes all of a source again, a day at a time, while no one else seals days of the source. */
export async function rewriteFolder(
  folders: JournalFolders,
  source: string,
  rewrite: Rewrite,
  signal: AbortSignal,
  onDay: (day: Day) => void,
): Promise<void> {
  const days = await journalDays(folders, source);
  if (days.length === 0) return;
  await withSealLock(folders.csv, source, { signal }, async (stillHeld) => {
    for (const day of days) {
      onDay(day);
      await rewriteSealedDay({ folders, source, day, stillHeld }, signal, rewrite);
      const { parts } = await journalDay(folders, source, day);
      for (const part of parts) {
        await rewritePart(folders, source, part, rewrite, () => requireLock({ stillHeld, source, day }));
      }
    }
  });
}

/**
 * The new part is there before the former one goes: a repeated attempt writes the very same again.
 * @param requireHeld without the lock nothing is written or deleted: another process may have sealed the part
 */
async function rewritePart(
  { csv }: JournalFolders,
  source: string,
  part: JournalFile,
  rewrite: Rewrite,
  requireHeld: () => Promise<void>,
): Promise<void> {
  const name = journalPaths.part.parse(part.name);
  const rows = await readWhole(part);
  if (rows === null || name === null) return;
  if (rows instanceof DamagedFile) throw rows;
  const moved = await rewrite(rows);
  if (moved.every((row, index) => row === rows[index])) return;
  const { content, check } = csvPart(source, moved);
  // Another hash than that of its batch: what the spool may still hold of that has the former ids.
  const renamed = hash('sha256', `rekey\n${name.hash}\n${check.sha256}`, 'hex').slice(0, 16);
  await requireHeld();
  await createDirectoryStore(csv).put(journalPaths.part.build({ ...name, hash: renamed, check }), content);
  await requireHeld();
  await rm(part.path, { force: true });
}
