import { formatMicros, parseEpoch, type Micros, type TimeResult } from './timestamp.ts';

/** Units of times since 1970, by the digits of a microsecond that they have. */
const units = [
  { scale: 6, name: 'seconds', format: 'epoch_s' },
  { scale: 3, name: 'milliseconds', format: 'epoch_ms' },
  { scale: 0, name: 'microseconds', format: null },
  { scale: -3, name: 'nanoseconds', format: null },
] as const;

const microsOf = (text: string) => BigInt(Date.parse(text)) * 1000n;
const firstDay = microsOf('1970-01-01T00:00:00Z');
const afterJanuary = microsOf('1970-02-01T00:00:00Z');
const farFuture = microsOf('2200-01-01T00:00:00Z');
const minPlausible = microsOf('2001-01-01T00:00:00Z');

/**
 * Reads a time since 1970, unless it is plainly in another unit: in the given one it lies in January 1970 or after 2200, and
 * in another between 2001 and `latest`.
 */
export function parseEpochIn(text: string, scale: 6 | 3, latest: Micros): TimeResult {
  const given = parseEpoch(text, scale);
  if (given.ok && !isOdd(given.micros)) return given;
  for (const unit of units) {
    if (unit.scale === scale) continue;
    const time = parseEpoch(text, unit.scale);
    if (!time.ok || time.micros < minPlausible || time.micros > latest) continue;
    const expected = scale === 6 ? 'seconds' : 'milliseconds';
    const remedy = unit.format === null ? '' : `; set format: ${unit.format}`;
    const where = given.ok ? formatMicros(given.micros).slice(0, 7) : 'beyond the year 9999';
    const why = `it is in ${unit.name} (${formatMicros(time.micros)}), expected ${expected}, which would be ${where}`;
    return { ok: false, why: `${why}${remedy}` };
  }
  return given;
}

function isOdd(micros: Micros): boolean {
  return (micros >= firstDay && micros < afterJanuary) || micros >= farFuture;
}
