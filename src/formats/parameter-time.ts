import { tz } from '@date-fns/tz';
import { format } from 'date-fns/format';
import { dateOfMicros, formatMicros, type Micros } from '../domain/time/timestamp.ts';

/** A time as a request parameter, in UTC; what the format cannot hold is cut off, so that nothing is skipped. */
export function formatParameter(micros: Micros, timeFormat: string): string {
  switch (timeFormat) {
    case 'iso8601':
      return formatMicros(micros).replace(/\.?0+Z$/, 'Z');
    case 'epoch_s':
      return String(dividedDown(micros, 1_000_000n));
    case 'epoch_ms':
      return String(dividedDown(micros, 1_000n));
    case 'rfc822':
      return dateOfMicros(micros).toUTCString();
    default:
      return format(dateOfMicros(micros), timeFormat, { in: tz('UTC') });
  }
}

/** Steps by which the times of a format may be apart, from a millisecond to a year. */
const steps = [1_000n, 1_000_000n, 60_000_000n, 3_600_000_000n, 86_400_000_000n, 31n * 86_400_000_000n];

/**
 * The end of a range as a request parameter: where the format cannot hold it, the next time that it can. Cut off, the range
 * would be shorter than what is asked for, and of some hours of one day nothing would be left.
 */
export function formatEnd(micros: Micros, timeFormat: string): string {
  const text = formatParameter(micros, timeFormat);
  if (formatParameter(micros - 1n, timeFormat) !== text) return text;
  const later = steps.map((step) => formatParameter(micros + step, timeFormat));
  return later.find((next) => next !== text) ?? text;
}

function dividedDown(value: bigint, by: bigint): bigint {
  return value >= 0n ? value / by : -((-value + by - 1n) / by);
}
