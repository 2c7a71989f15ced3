import { relative } from 'node:path';
import { shownPath } from '../../config/file/remote-files.ts';

/** A path as it is shown: relative where it is below the working folder; that of a configuration in a bucket is its URL. */
export function shortPath(path: string): string {
  const shown = shownPath(path);
  if (shown !== path) return shown;
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short;
}
