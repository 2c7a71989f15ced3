import type { PollingHints } from './feed-item.ts';

/** A feed may ask for this much quiet at most: some say a week and have new items each hour. */
const maxQuietMs = 3_600_000;
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/**
 * Until when a feed says that it does not change: by `ttl` or the syndication module, else by `Cache-Control`, then past
 * its `skipHours` and `skipDays`; at most an hour after the fetch. Null = it does not say, or says now.
 */
export function freshUntil(
  hints: PollingHints,
  headers: Readonly<Record<string, string>>,
  fetchedAt: Date,
): string | null {
  const latestMs = fetchedAt.getTime() + maxQuietMs;
  let untilMs = fetchedAt.getTime() + (hints.ttlMinutes === null ? maxAgeMs(headers) : hints.ttlMinutes * 60_000);
  while (untilMs < latestMs && isQuiet(hints, new Date(untilMs))) untilMs = nextHourMs(untilMs);
  untilMs = Math.min(untilMs, latestMs);
  return untilMs <= fetchedAt.getTime() ? null : new Date(untilMs).toISOString();
}

function maxAgeMs(headers: Readonly<Record<string, string>>): number {
  const control = headers['cache-control'] ?? '';
  if (/\bno-(?:cache|store)\b/i.test(control)) return 0;
  const seconds = Number(/\bmax-age\s*=\s*"?(\d+)/i.exec(control)?.[1] ?? 0);
  const age = Number(headers['age'] ?? 0);
  return Math.max(0, seconds - (Number.isFinite(age) ? age : 0)) * 1_000;
}

function isQuiet({ skipHours, skipDays }: PollingHints, at: Date): boolean {
  // A feed that skips every hour means something else.
  const byHour = skipHours.length < 24 && skipHours.includes(at.getUTCHours());
  const day = days[at.getUTCDay()]?.toLowerCase();
  return byHour || (skipDays.length < 7 && skipDays.some((name) => name.toLowerCase() === day));
}

function nextHourMs(ms: number): number {
  return (Math.floor(ms / 3_600_000) + 1) * 3_600_000;
}
