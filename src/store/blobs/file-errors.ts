import { codeOf } from '../../domain/errors.ts';

/** Whether a file, or a folder on the way to it, does not exist. */
export function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}
