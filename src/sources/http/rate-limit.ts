import { defaultWaitMs } from '../../domain/plan/host-budget.ts';
import { dateOfMicros, parseIso8601, parseRfc822 } from '../../domain/time/timestamp.ts';

/** Longer than a day is a mistake in the header. */
const maxWaitMs = 86_400_000;
/** In seconds the year 2001: no wait is as long, so a number from here on counts since 1970. */
const minEpochSeconds = 1e9;
/** In milliseconds the year 1973; in seconds the year 5138. */
const minEpochMs = 1e11;

type Headers = Readonly<Record<string, string>>;

/** What a response says about a retry. */
export interface AskedWait {
  /** The host was called too often, by any source. */
  readonly isRateLimit: boolean;
  /** Milliseconds that the next request is to wait; null = the answer does not say. */
  readonly waitMs: number | null;
}

/** Statuses that mean "too many requests": 420 is Twitter's of old. */
const tooMany: ReadonlySet<number> = new Set([420, 429]);

/** Reads what a response says about a retry, in any of the spellings that APIs use. */
export function askedWait(status: number, headers: Headers, now: Date): AskedWait {
  const said = retryAfter(headers, now) ?? windowEnd(status, headers, now);
  const isRateLimit =
    tooMany.has(status) ||
    (status === 403 && (isTimed(headers['retry-after']) || isUsedUp(headers))) ||
    (status === 503 && said !== null && said > 0);
  // The next attempt must not come before the host is open again, also where it does not say when.
  const waitMs = said ?? (isRateLimit ? defaultWaitMs : null);
  return { isRateLimit, waitMs: waitMs === 0 ? null : waitMs };
}

/** Whether a 403 names a time: one that is past, or negative, still says that asking again makes sense. */
function isTimed(header: string | undefined): boolean {
  return header !== undefined && /\d/.test(header);
}

function retryAfter(headers: Headers, now: Date): number | null {
  const exact = headers['retry-after-ms'] ?? headers['x-ms-retry-after-ms'];
  if (exact !== undefined && /^\d+(?:\.\d+)?$/.test(exact.trim())) return bounded(Number(exact));
  return parseWait(headers['retry-after'], now);
}

/** When a used-up limit is reset. */
function windowEnd(status: number, headers: Headers, now: Date): number | null {
  const limits = limitsOf(headers);
  if (!tooMany.has(status) && !limits.some(isSpent)) return null;
  // The reset time of a used-up limit may have a name that is not paired with its count.
  const spentAlone = limits.some((limit) => limit.reset === undefined && isSpent(limit));
  const ends = limits.flatMap((limit) => {
    const waitMs = parseWait(limit.reset, now);
    return waitMs === null ? [] : [{ waitMs, isUsedUp: limit.remaining === null ? spentAlone : isSpent(limit) }];
  });
  const usedUp = ends.filter((end) => end.isUsedUp);
  // The used-up one of several limits counts; if none says so, the first that is reset.
  if (usedUp.length > 0) return usedUp.reduce((most, { waitMs }) => Math.max(most, waitMs), 0);
  return ends.length === 0 ? null : ends.reduce((least, { waitMs }) => Math.min(least, waitMs), Infinity);
}

/** Nothing is left of a limit. That is the reason for a 403 even if the response does not say when it is reset. */
function isUsedUp(headers: Headers): boolean {
  return limitsOf(headers).some(isSpent);
}

function isSpent({ remaining }: Limit): boolean {
  return remaining !== null && remaining <= 0;
}

interface Limit {
  readonly reset: string | undefined;
  readonly remaining: number | null;
}

/** `X-RateLimit-Reset`, `X-Rate-Limit-Remaining`, `RateLimit-Reset-After`, also with a limit's name before or behind. */
const limitName = /^(?:x-)?rate-?limit-(?:([a-z0-9-]+?)-)?(reset-after|reset|remaining)(?:-([a-z0-9-]+))?$/;

/** The prefix may differ: `X-RateLimit-Remaining` belongs to `RateLimit-Reset`. */
function limitsOf(headers: Headers): readonly Limit[] {
  const named = Object.entries(headers).flatMap(([name, text]) => {
    const match = limitName.exec(name);
    return match ? [{ limit: match[1] ?? match[3] ?? '', isCount: match[2] === 'remaining', text }] : [];
  });
  const resets = named.filter(({ isCount }) => !isCount);
  const counts = named.filter(({ isCount }) => isCount);
  const limits = resets.map(({ limit, text }) => ({
    reset: text,
    remaining: countOf(counts.find((count) => count.limit === limit)?.text),
  }));
  const alone = counts
    .filter(({ limit }) => !resets.some((reset) => reset.limit === limit))
    .map(({ text }) => ({ reset: undefined, remaining: countOf(text) }));
  return [...limits, ...alone, ...structuredLimits(headers['ratelimit'])];
}

/** `limit=100, remaining=0, reset=30`, and `"burst";r=0;t=5, "day";r=9;t=3600` of later drafts. */
function structuredLimits(header: string | undefined): readonly Limit[] {
  if (header === undefined) return [];
  const parameter = (text: string, names: string) =>
    new RegExp(`(?:^|[;,\\s])(?:${names})\\s*=\\s*"?([^;,\\s"]+)`, 'i').exec(text)?.[1];
  const limits = /\breset\s*=/i.test(header) ? [header] : header.split(',');
  return limits.map((limit) => ({
    reset: parameter(limit, 't|reset'),
    remaining: countOf(parameter(limit, 'r|remaining')),
  }));
}

function countOf(text: string | undefined): number | null {
  const count = text === undefined || text.trim() === '' ? Number.NaN : Number(text.split(',')[0]);
  return Number.isFinite(count) ? count : null;
}

/**
 * Milliseconds until what a header says: seconds from now or since 1970, milliseconds since 1970, a duration such as `1m30s`, a
 * date of HTTP or of ISO 8601. Null if it is absent, unreadable or past; at most a day.
 */
export function parseWait(header: string | undefined, now: Date): number | null {
  const text = header?.trim() ?? '';
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    const number = Number(text);
    if (number < minEpochSeconds) return bounded(number * 1_000);
    return untilTime(number < minEpochMs ? number * 1_000 : number, now);
  }
  const duration = durationOf(text);
  if (duration !== null) return bounded(duration);
  // The third form of HTTP dates: Sun Nov  6 08:49:37 1994, in GMT.
  const asctime = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) (\d{2}:\d{2}:\d{2}) (\d{4})$/.exec(text);
  const rfc822 = parseRfc822(asctime ? `${asctime[2]} ${asctime[1]} ${asctime[4]} ${asctime[3]} GMT` : text);
  const time = rfc822.ok ? rfc822 : parseIso8601(text);
  return time.ok ? untilTime(dateOfMicros(time.micros).getTime(), now) : null;
}

function untilTime(ms: number, now: Date): number | null {
  return ms > now.getTime() ? bounded(ms - now.getTime()) : null;
}

function bounded(ms: number): number {
  return Math.min(Math.ceil(ms), maxWaitMs);
}

const unitMs = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

function durationOf(text: string): number | null {
  if (!/^(?:\d+(?:\.\d+)?(?:h|ms|m|s))+$/.test(text)) return null;
  const parts = [...text.matchAll(/([\d.]+)(h|ms|m|s)/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitMs[unit as keyof typeof unitMs], 0);
}
