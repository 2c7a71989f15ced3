import { isDay } from '../../domain/time/day.ts';
import { bucketFolders, bucketPaths } from '../paths/bucket-paths.ts';
import { journalPaths } from '../paths/paths.ts';

/** Whether a name in the journal, of a folder or of a bucket, is of what readers of the journal read, or of what they ignore. */
export function isJournalName(path: string): boolean {
  const isSealed = [journalPaths.sealed, journalPaths.sealManifest, bucketPaths.sealed, bucketPaths.sealManifest].some(
    (layout) => layout.parse(path) !== null,
  );
  if (isSealed) return true;
  const [, folder = '', file = '', ...more] = path.split('/');
  const day = bucketFolders.day.parse(folder)?.day ?? folder;
  return isDay(day) && file.endsWith('.csv') && more.length === 0;
}
