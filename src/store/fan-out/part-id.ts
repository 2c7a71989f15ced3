import { bucketPaths } from '../paths/bucket-paths.ts';
import { journalPaths } from '../paths/paths.ts';
import type { JournalFile } from '../journal/journal-file.ts';

/** Names a part within its day, in a folder and in a bucket alike. */
export function partIdOf({ name }: Pick<JournalFile, 'name'>): string {
  const part = journalPaths.part.parse(name) ?? bucketPaths.part.parse(name);
  return part ? `${part.ingestedAt}-${part.hash}` : name.slice(name.lastIndexOf('/') + 1);
}
