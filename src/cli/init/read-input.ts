import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { codeOf, messageOf, UsageError } from '../../domain/errors.ts';

/** A larger text cannot be held as one. */
const maxBytes = 500 * 1024 ** 2;

/**
 * The content of a file that a user named.
 * @param what what it should be, such as `--opml: expected an OPML file`
 * @throws UsageError if it cannot be read
 */
export function readInput(path: string, what: string): Buffer {
  const stats = statSync(resolve(path), { throwIfNoEntry: false });
  if (stats === undefined) throw new UsageError(`${what}; found no file "${path}", check the path`);
  if (stats.isDirectory()) throw new UsageError(`${what}; found "${path}", a folder`);
  if (stats.size > maxBytes) {
    throw new UsageError(`${what} of at most 500 MiB; found ${Math.ceil(stats.size / 1024 ** 2)} MiB`);
  }
  try {
    return readFileSync(resolve(path));
  } catch (error) {
    const why = codeOf(error) === 'EACCES' ? 'this user may not read it' : messageOf(error);
    throw new UsageError(`${what}; "${path}" cannot be read: ${why}`);
  }
}
