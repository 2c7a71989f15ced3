import { inParallel } from '../../domain/in-parallel.ts';
import type { JournalSelection, JournalUnit } from '../../domain/storage/journal.ts';
import { isMissing } from '../blobs/file-errors.ts';
import type { Journal } from './journal.ts';
import { withPrefetch, type JournalFile } from './journal-file.ts';
import { isOutside } from './manifest.ts';
import { readJournal, type JournalRow, type OnDamage } from './read-journal.ts';

/** Sources that are asked for their days at once. */
const sourcesAtOnce = 4;

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
export async function journalUnits(journal: Journal, choice: JournalSelection): Promise<JournalUnit[]> {
  const units: JournalUnit[] = [];
  const { window } = choice;
  const archives = choice.archives ? await journal.archives() : [];
  for (const day of new Set(archives.map((archive) => archive.day))) {
    if (!window || (`${day}T99` > window.from && `${day}T00:00:00.000000Z` < window.to))
      units.push({ kind: 'archive', day });
  }
  const sources = (await journal.sources()).filter((name) => choice.source === null || name === choice.source);
  const days = await inParallel(sources, sourcesAtOnce, (source) => journal.days(source, window));
  for (const [index, source] of sources.entries()) {
    for (const day of days[index] ?? []) units.push({ kind: 'day', source, day });
  }
  return units;
}

/**
 * Reads the records of a unit that the choice asks for, in order of ingestion, one file after the other. A sealed day whose
 * manifest says that none can match is not opened. While a sealer is running, records may occur twice; none is missed.
 */
export async function* readUnit(
  journal: Journal,
  unit: JournalUnit,
  choice: JournalSelection,
  onDamage: OnDamage,
): AsyncGenerator<JournalRows> {
  for (const file of withPrefetch(await filesOf(journal, unit, choice))) {
    try {
      yield* chosenRows(file, choice, onDamage);
    } catch (error) {
      if (!isMissing(error)) throw error;
      // Sealed since it was listed, or deleted with the whole day.
      if (unit.kind === 'day') yield* readUnit(journal, unit, choice, onDamage);
      return;
    }
  }
}

/** The files of a unit that may hold what is asked for. */
export async function filesOf(
  journal: Journal,
  unit: JournalUnit,
  { window }: JournalSelection,
): Promise<JournalFile[]> {
  if (unit.kind === 'archive') return (await journal.archives()).filter(({ day }) => day === unit.day);
  const { sealed, parts } = await journal.day(unit.source, unit.day);
  if (!sealed?.manifest) return [...parts];
  // A damaged manifest is reported when the file is read.
  const manifest = window === null ? null : await sealed.manifest().catch(() => null);
  return window !== null && isOutside(manifest, window) ? [...parts] : [sealed, ...parts];
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
