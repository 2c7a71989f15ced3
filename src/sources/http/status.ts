import { SourceRefused, SourceUnavailable, type DaybookError } from '../../domain/errors.ts';
import type { LeftOrigin } from './stream-body.ts';
import type { AskedWait } from './rate-limit.ts';

/** Client errors that may be temporary; some of them only certain servers and proxies know. */
const passing: ReadonlySet<number> = new Set([408, 409, 420, 423, 425, 429, 430, 498, 499]);

/** Whether the same request may succeed later. Above 599 there are codes of certain sites and proxies, such as 999. */
function isPassing(status: number): boolean {
  return status >= 500 || passing.has(status);
}

/** The error of an answer that the same request may not get again; null if it would. */
export function passingError(status: number, message: string, asked: AskedWait): SourceUnavailable | null {
  if (!asked.isRateLimit && !isPassing(status)) return null;
  return new SourceUnavailable(message, asked.waitMs === null ? {} : { retryAfterMs: asked.waitMs });
}

/** A page that a source was asked for. */
export interface AskedPage {
  readonly url: URL;
  /** What it is, where its address must not be shown. */
  readonly name?: string;
  /** Which one of several it is, such as `page 3`. */
  readonly page?: string;
  /** What to set where paging is the likely cause; empty if it is not. */
  readonly advise?: (status: number) => string;
}

/** Its address without parameters, which may hold secrets. */
function pageName({ url, page, name }: AskedPage): string {
  if (name !== undefined) return name;
  return `${url.origin}${url.pathname}${page === undefined ? '' : ` (${page})`}`;
}

/**
 * The error that a status stands for; null if the answer can be used (2xx, 304).
 * @param leftOrigin where a redirect left the origin that gets the credentials
 * @param asked what was asked for
 */
export function statusError(
  status: number,
  subject: string,
  askedWait: AskedWait,
  leftOrigin: LeftOrigin | null = null,
  asked: AskedPage | null = null,
): DaybookError | null {
  if ((status >= 200 && status < 300 && status !== 206) || status === 304) return null;
  const message = `fetch: ${subject} answered ${status}, expected 200 or 304${asked?.advise?.(status) ?? ''}`;
  return (
    passingError(status, message, askedWait) ??
    new SourceRefused(
      `${message}${advice(status, leftOrigin)}${asked === null ? '' : `; requested ${pageName(asked)}`}`,
      { status },
    )
  );
}

function advice(status: number, leftOrigin: LeftOrigin | null): string {
  switch (status) {
    case 401:
    case 403:
      if (leftOrigin !== null) {
        const { from, to } = leftOrigin;
        return `; it redirects from ${from} to ${to}, and auth and headers are not sent to another origin; if they are meant for it, set url to its address`;
      }
      return '; check the credentials in auth or headers';
    case 404:
    case 410:
      return '; check url';
    default:
      return '';
  }
}
