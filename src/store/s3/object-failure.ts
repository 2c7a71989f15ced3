import { DaybookError, messageOf, SourceRefused, SourceUnavailable } from '../../domain/errors.ts';
import type { S3Setting } from '../../domain/storage/store-setting.ts';
import { concernsKeys, explained, isRefusal, nameOf, type S3Action } from './s3-failure.ts';

/** Of an object that has been replaced by a shorter one meanwhile, and of too many requests. */
const passing = new Set(['InvalidRange', 'SlowDown', 'TooManyRequests', 'TooManyRequestsException']);

/** A failed request for an object of a source: refused, where only a change of rights or settings helps. */
export function objectFailure(setting: S3Setting, action: S3Action, url: string, error: unknown): Error {
  if (error instanceof SourceRefused || error instanceof SourceUnavailable) return error;
  const why =
    error instanceof DaybookError
      ? messageOf(error).replace(/^store: /, '')
      : explained({ ...setting, prefix: '' }, action, error).replaceAll('DAYBOOK_STORE', 'the path');
  const message = `file: could not ${action} ${url}: ${why}`;
  const isFinal = isRefusal(error) && !concernsKeys(error) && !passing.has(nameOf(error));
  return isFinal ? new SourceRefused(message) : new SourceUnavailable(message);
}
