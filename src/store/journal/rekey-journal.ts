import { hash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { csvPart } from '../../formats/csv-part.ts';
import { DamagedFile, SinkUnavailable } from '../../domain/errors.ts';
import type { IdResult } from '../../formats/record-id.ts';
import { createDirectoryStore } from '../blobs/directory-store.ts';
import { isMissing } from '../blobs/file-errors.ts';
import { journalPaths } from '../paths/paths.ts';
import { journalDay, journalDays, type JournalFile, type JournalFolders } from './journal-files.ts';
import type { Rewrite } from './merge-day.ts';
import { readJournal, stopAt, type JournalRow } from './read-journal.ts';
import { readWhole } from './read-whole.ts';
import { requireLock, rewriteSealedDay } from './seal-day.ts';
import { withSealLock } from './seal-lock.ts';

export interface RekeyJournal {
  readonly folders: JournalFolders;
  readonly source: string;
  /** Finds new ids in payloads. */
  readonly idsOf: (payloads: readonly string[]) => Promise<readonly IdResult[]>;
  readonly signal: AbortSignal;
}

/**
 * All lines of a source, sealed or not.
 * @throws DamagedFile: what cannot be read cannot be moved. SinkUnavailable if a sealer is running
 */
export async function* readAllLines(folders: JournalFolders, source: string): AsyncGenerator<JournalRow[]> {
  for (const day of await journalDays(folders, source)) {
    const { sealed, parts } = await journalDay(folders, source, day);
    try {
      for (const file of sealed ? [sealed, ...parts] : parts) yield* readJournal(file, stopAt);
    } catch (error) {
      if (!isMissing(error)) throw error;
      throw new SinkUnavailable(`journal: ${source} ${day} was sealed while it was being read; run the command again`);
    }
  }
}

/**
 * Writes the journal of a source again, each line under the id that its payload gives; a line without one stays as it is. A day at
 * a time, while no one else seals days of the source. Safe to repeat, and after a kill at any moment: which id a line is to have
 * does not depend on the one that it has.
 */
export async function rekeyJournal(rekey: RekeyJournal, onDay: (day: string) => void): Promise<void> {
  const { folders, source, signal } = rekey;
  const days = await journalDays(folders, source);
  if (days.length === 0) return;
  await withSealLock(folders.csv, source, { signal }, async (stillHeld) => {
    for (const day of days) {
      onDay(day);
      await rewriteSealedDay({ folders, source, day, stillHeld }, signal, rewriteBy(rekey));
      const { parts } = await journalDay(folders, source, day);
      for (const part of parts) await rekeyPart(rekey, part, () => requireLock({ stillHeld, source, day }));
    }
  });
}

/**
 * The new part is there before the former one goes: a repeated attempt writes the very same again.
 * @param requireHeld without the lock nothing is written or deleted: another process may have sealed the part
 */
async function rekeyPart(rekey: RekeyJournal, part: JournalFile, requireHeld: () => Promise<void>): Promise<void> {
  const name = journalPaths.part.parse(part.name);
  const rows = await readWhole(part);
  if (rows === null || name === null) return;
  if (rows instanceof DamagedFile) throw rows;
  const moved = await rewriteBy(rekey)(rows);
  if (moved.every((row, index) => row === rows[index])) return;
  const { content, check } = csvPart(rekey.source, moved);
  // Another hash than that of its batch: what the spool may still hold of that has the former ids.
  const renamed = hash('sha256', `rekey\n${name.hash}\n${check.sha256}`, 'hex').slice(0, 16);
  await requireHeld();
  await createDirectoryStore(rekey.folders.csv).put(
    journalPaths.part.build({ ...name, hash: renamed, check }),
    content,
  );
  await requireHeld();
  await rm(part.path, { force: true });
}

function rewriteBy({ idsOf }: RekeyJournal): Rewrite {
  return async (rows) => {
    const ids = await idsOf(rows.map(({ payload }) => payload));
    return rows.map((row, index) => {
      const id = ids[index];
      return id?.ok === true && id.id !== row.sourceId ? { ...row, sourceId: id.id } : row;
    });
  };
}
