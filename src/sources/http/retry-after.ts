import { dateOfMicros, parseRfc822 } from '../../domain/time.ts';

/** No wait is taken for longer: it is a slip of whoever wrote the header. */
const longestMs = 366 * 86_400_000;

/** Milliseconds that a `Retry-After` asks to wait: seconds or an HTTP date; null where it is absent or unreadable. */
export function parseRetryAfter(header: string | undefined, now: Date): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.min(Math.ceil(Number(text) * 1000), longestMs);
  // The third form of HTTP dates: Sun Nov  6 08:49:37 1994, in GMT.
  const asctime = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) (\d{2}:\d{2}:\d{2}) (\d{4})$/.exec(text);
  const time = parseRfc822(asctime ? `${asctime[2]} ${asctime[1]} ${asctime[4]} ${asctime[3]} GMT` : text);
  if (!time.ok) return null;
  return Math.min(Math.max(0, dateOfMicros(time.micros).getTime() - now.getTime()), longestMs);
}
