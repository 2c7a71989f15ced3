import { SinkUnavailable } from '../../domain/errors.ts';
import { isMissing } from '../blobs/file-errors.ts';

/** A file of a journal without a file system is gone: as the system says it of one, see `isMissing`. */
export class JournalFileGone extends Error {
  readonly code = 'ENOENT';

  constructor(path: string) {
    super(`ENOENT: ${path} was sealed or deleted`);
  }
}

/** Whether an error says nothing about the content of a file: it is gone, or its store is unavailable. */
export function isUnread(error: unknown): boolean {
  return isMissing(error) || error instanceof SinkUnavailable;
}
