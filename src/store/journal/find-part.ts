import type { BatchRef } from '../../domain/run/batch.ts';
import type { Journal } from './journal.ts';
import type { JournalFile } from './journal-file.ts';

/** The part of a batch, by whatever version it was written; null if there is none. */
export async function findPart(journal: Journal, { source, ingestedAt, hash }: BatchRef): Promise<JournalFile | null> {
  const { parts } = await journal.day(source, ingestedAt.slice(0, 10));
  const isIt = ({ name }: JournalFile) => {
    const part = journal.paths.part.parse(name);
    return part?.ingestedAt === ingestedAt && hash.startsWith(part.hash);
  };
  return parts.find(isIt) ?? null;
}
