import { DamagedFile } from '../../domain/errors.ts';
import { isMissing } from '../blobs/file-errors.ts';
import type { JournalFile } from './journal-file.ts';
import { readJournal, type JournalRow } from './read-journal.ts';

/** All rows of a file, or none: what is wrong with it; null if it is gone. */
export async function readWhole(file: JournalFile): Promise<readonly JournalRow[] | DamagedFile | null> {
  const rows: JournalRow[] = [];
  try {
    for await (const some of readJournal(file, refuse)) for (const row of some) rows.push(row);
    return rows;
  } catch (error) {
    if (isMissing(error)) return null;
    if (error instanceof DamagedFile) return error;
    throw error;
  }
}

function refuse(damage: DamagedFile): never {
  throw damage;
}
