import { codeOf, DaybookError, messageOf, SourceRefused, SourceUnavailable } from '../../domain/errors.ts';

/** Turns what the file system or the decoder threw into a failure that names the file. */
export function fileError(subject: string, path: string, error: unknown): unknown {
  if (error instanceof DaybookError) return error;
  const code = codeOf(error) ?? '';
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new SourceRefused(`file: ${subject}: ${path} does not exist`, { cause: error });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new SourceRefused(`file: ${subject}: ${path} cannot be read by this user: no read permission`, {
      cause: error,
    });
  }
  if (code.startsWith('Z_')) {
    return new SourceUnavailable(
      `file: ${subject}: ${path} is a damaged or incomplete gzip file (${messageOf(error)})`,
      {
        cause: error,
      },
    );
  }
  return new SourceUnavailable(`file: ${subject}: ${path} could not be read: ${messageOf(error)}`, { cause: error });
}

/** Whether a failure is that the file is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof SourceRefused && ['ENOENT', 'ENOTDIR'].includes(codeOf(error.cause) ?? '');
}
