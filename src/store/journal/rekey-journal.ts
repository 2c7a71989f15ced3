import { SinkUnavailable } from '../../domain/errors.ts';
import type { IdResult } from '../../formats/record-id.ts';
import { isMissing } from '../blobs/file-errors.ts';
import type { Journal } from './journal.ts';
import { withPrefetch } from './journal-file.ts';
import type { Rewrite } from './merge-day.ts';
import { readJournal, stopAt, type JournalRow } from './read-journal.ts';

export interface RekeyJournal {
  readonly journal: Journal;
  readonly source: string;
  /** Finds new ids in payloads. */
  readonly idsOf: (payloads: readonly string[]) => Promise<readonly IdResult[]>;
  readonly signal: AbortSignal;
}

/**
 * All lines of a source, sealed or not.
 * @throws DamagedFile: what cannot be read cannot be moved. SinkUnavailable if a sealer is running
 */
export async function* readAllLines(journal: Journal, source: string): AsyncGenerator<JournalRow[]> {
  for (const day of await journal.days(source)) {
    const { sealed, parts } = await journal.day(source, day);
    try {
      for (const file of withPrefetch(sealed ? [sealed, ...parts] : parts)) yield* readJournal(file, stopAt);
    } catch (error) {
      if (!isMissing(error)) throw error;
      throw new SinkUnavailable(`journal: ${source} ${day} was sealed while it was being read; run the command again`);
    }
  }
}

/**
 * Writes the journal of a source again, each line under the id that its payload gives; a line without one stays as it is. Safe to
 * repeat, and after a kill at any moment: which id a line is to have does not depend on the one that it has.
 */
export async function rekeyJournal(rekey: RekeyJournal, onDay: (day: string) => void): Promise<void> {
  await rekey.journal.rewrite(rekey.source, rewriteBy(rekey), rekey.signal, onDay);
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
