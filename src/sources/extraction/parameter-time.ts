import { tz } from '@date-fns/tz';
import { format } from 'date-fns/format';
import { dateOfMicros, formatMicros, type Micros } from '../../domain/time.ts';

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

function dividedDown(value: bigint, by: bigint): bigint {
  return value >= 0n ? value / by : -((-value + by - 1n) / by);
}
