import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chunkBounds } from '../../../../../src/sinks/postgres/writer/chunk-bounds.ts';
import { record } from '../../records.ts';

const mebibyte = 1024 * 1024;
const maxRows = 1_000;
const maxBytes = 8 * mebibyte;

/** Payloads that are made once: a property over megabytes must not make them repeatedly. */
const payloads = new Map([1, 9_000, mebibyte, 3 * mebibyte, 9 * mebibyte].map((size) => [size, 'x'.repeat(size)]));
const recordsOf = (sizes: readonly number[]) =>
  sizes.map((size, index) => record(String(index), { payload: payloads.get(size) ?? '' }));

const sizes = fc.array(
  fc.oneof(
    fc.constantFrom(...payloads.keys()).map((size) => [size]),
    fc.integer({ min: 1, max: 2_500 }).map((count) => Array.from({ length: count }, () => 1)),
  ),
  { maxLength: 12 },
);

describe('chunkBounds', () => {
  test('covers every record once, in order', () => {
    fc.assert(
      fc.property(sizes, (groups) => {
        const records = recordsOf(groups.flat());
        const covered = chunkBounds(records).flatMap(([from, to]) => records.slice(from, to));
        expect(covered.map(({ sourceId }) => sourceId)).toEqual(records.map(({ sourceId }) => sourceId));
      }),
    );
  });

  test('keeps to 1,000 rows and 8 MiB, but for a single larger record', () => {
    fc.assert(
      fc.property(sizes, (groups) => {
        const all = groups.flat();
        for (const [from, to] of chunkBounds(recordsOf(all))) {
          const bytes = all.slice(from, to).reduce((sum, size) => sum + size, 0);
          expect(to - from).toBeGreaterThan(0);
          expect(to - from).toBeLessThanOrEqual(maxRows);
          expect(to - from === 1 || bytes <= maxBytes).toBe(true);
        }
      }),
    );
  });

  test('counts bytes, not characters', () => {
    const payload = JSON.stringify('語'.repeat(mebibyte));
    const records = Array.from({ length: 6 }, (_, index) => record(String(index), { payload }));
    const bytes = Buffer.byteLength(payload);
    for (const [from, to] of chunkBounds(records)) expect((to - from) * bytes).toBeLessThanOrEqual(maxBytes);
  });

  test('makes no more chunks than it must', () => {
    expect(chunkBounds(recordsOf(Array.from({ length: 2_001 }, () => 1)))).toEqual([
      [0, 1_000],
      [1_000, 2_000],
      [2_000, 2_001],
    ]);
    expect(chunkBounds([])).toEqual([]);
  });
});
