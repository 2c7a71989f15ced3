import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalTime, microsOfDay } from '../../../../src/domain/time/canonical-time.ts';
import { formatMicros, parseIso8601 } from '../../../../src/domain/time/timestamp.ts';

const two = (max: number) => fc.integer({ min: 0, max }).map((number) => String(number).padStart(2, '0'));
const written = fc
  .tuple(fc.constantFrom('2026', '2024', '0000', '0001', '9999', 'abcd'), two(13), two(32), two(25), two(61), two(61))
  .chain(([year, ...rest]) =>
    fc
      .constantFrom('.000000Z', '.123456Z', '.12345Z', '.1234567Z', 'Z', '+01:00', '.00000xZ', '.123456z')
      .map((end) => {
        const [month, day, hour, minute, second] = rest;
        return `${year}-${month}-${day}T${hour}:${minute}:${second}${end}`;
      }),
  );

test('a time is that of the parser, whatever was read before it', () => {
  fc.assert(
    fc.property(written, written, (one, other) => {
      const clocks = [
        '12:00:00.000001Z',
        '24:00:00.000000Z',
        '23:60:00.000000Z',
        '23:59:60.000000Z',
        '1:00:00.0000000Z',
      ];
      const sameDay = clocks.map((clock) => one.slice(0, 11) + clock);
      for (const text of [one, other, one, one.replace('T', ' '), ...sameDay]) {
        const time = parseIso8601(text);
        const canonical = time.ok ? formatMicros(time.micros) : null;
        expect(canonicalTime(text), text).toEqual(canonical);
        const midnight = parseIso8601(`${text.slice(0, 10)}T00:00:00Z`);
        const since = time.ok && midnight.ok && canonical === text ? Number(time.micros - midnight.micros) : null;
        expect(microsOfDay(text), text).toEqual(since);
      }
    }),
    { numRuns: 1_000 },
  );
});
