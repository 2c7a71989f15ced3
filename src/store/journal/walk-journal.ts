import type { JournalSelection, JournalUnit } from '../../domain/storage/journal.ts';
import { isMissing } from '../blobs/file-errors.ts';
import {
  archiveFiles,
  journalDay,
  journalDays,
  journalSources,
  type JournalFile,
  type JournalFolders,
} from './journal-files.ts';
import { readManifest } from './manifest.ts';
import { readJournal, type JournalRow, type OnDamage } from './read-journal.ts';

/** Some rows of a file, as they follow each other in it. */
export interface JournalRows {
  readonly file: JournalFile;
  /** Rows of the file before these, chosen or not. */
  readonly before: number;
  /** Rows that these were chosen from. */
  readonly read: number;
  readonly rows: readonly JournalRow[];
}

/** The units of the selection: archives, then each source's days in order of ingestion. */
export async function journalUnits(folders: JournalFolders, choice: JournalSelection): Promise<JournalUnit[]> {
  const units: JournalUnit[] = [];
  const { window } = choice;
  const archives = choice.archives ? await archiveFiles(folders) : [];
  for (const day of new Set(archives.map((archive) => archive.day))) {
    if (!window || (`${day}T99` > window.from && `${day}T00:00:00.000000Z` < window.to))
      units.push({ kind: 'archive', day });
  }
  const sources = await journalSources(folders);
  for (const source of choice.source === null ? sources : sources.filter((name) => name === choice.source)) {
    for (const day of await journalDays(folders, source)) units.push({ kind: 'day', source, day });
  }
  return units;
}

/**
 * Reads the records of a unit that the choice asks for, in order of ingestion, one file after the other. A sealed day whose
 * manifest says that none can match is not opened. While a sealer is running, records may occur twice; none is missed.
 */
export async function* readUnit(
  folders: JournalFolders,
  unit: JournalUnit,
  choice: JournalSelection,
  onDamage: OnDamage,
): AsyncGenerator<JournalRows> {
  for (const file of await filesOf(folders, unit, choice)) {
    try {
      yield* chosenRows(file, choice, onDamage);
    } catch (error) {
      if (!isMissing(error)) throw error;
      // Sealed since it was listed, or deleted with the whole day.
      if (unit.kind === 'day') yield* readUnit(folders, unit, choice, onDamage);
      return;
    }
  }
}

/** The files of a unit that may hold what is asked for. */
export async function filesOf(
  folders: JournalFolders,
  unit: JournalUnit,
  { window }: JournalSelection,
): Promise<JournalFile[]> {
  if (unit.kind === 'archive') return (await archiveFiles(folders)).filter(({ day }) => day === unit.day);
  const { sealed, parts } = await journalDay(folders, unit.source, unit.day);
  if (!sealed?.manifest) return [...parts];
  // A damaged manifest is reported when the file is read.
  const manifest = await readManifest(sealed.manifest).catch(() => null);
  const { minOccurredAt: min, maxOccurredAt: max } = manifest ?? { minOccurredAt: null, maxOccurredAt: null };
  const cannotMatch = window !== null && min !== null && max !== null && (max < window.from || min >= window.to);
  return cannotMatch ? [...parts] : [sealed, ...parts];
}

async function* chosenRows(
  file: JournalFile,
  { source, window }: JournalSelection,
  onDamage: OnDamage,
): AsyncGenerator<JournalRows> {
  let before = 0;
  for await (const rows of readJournal(file, onDamage)) {
    const chosen = rows.filter(
      (row) =>
        (source === null || row.source === source) &&
        (window === null || (row.occurredAt >= window.from && row.occurredAt < window.to)),
    );
    yield { file, before, read: rows.length, rows: chosen };
    before += rows.length;
  }
}
