import { SourceRefused, SourceUnavailable, type DaybookError } from '../../domain/errors.ts';

/** Client errors that may pass by themselves. */
const passing = new Set([408, 409, 423, 425, 429]);

/** The error that a status stands for; null where the answer can be used (2xx, 304). */
export function statusError(status: number, subject: string, retryAfterMs: number | null): DaybookError | null {
  if ((status >= 200 && status < 300 && status !== 206) || status === 304) return null;
  const message = `fetch: ${subject} answered ${status}, expected 200 or 304`;
  if (status >= 500 || passing.has(status)) {
    return new SourceUnavailable(message, retryAfterMs === null ? {} : { retryAfterMs });
  }
  return new SourceRefused(`${message}${advice(status)}`);
}

function advice(status: number): string {
  switch (status) {
    case 401:
    case 403:
      return '; check the credentials in auth or headers';
    case 404:
    case 410:
      return '; check url';
    default:
      return '';
  }
}
