import { expect, test } from 'vitest';
import { partBytes } from '../../../../src/store/s3/multipart-upload.ts';

const mebi = 1024 * 1024;

test('parts of an upload are even at first, then grow: 10,000 of them hold half a terabyte', () => {
  expect([1, 5_000, 5_001, 6_000, 6_001, 10_000].map((number) => partBytes(number) / mebi)).toEqual([
    8, 8, 16, 16, 32, 256,
  ]);
  const all = Array.from({ length: 10_000 }, (_, n) => partBytes(n + 1)).reduce((sum, bytes) => sum + bytes, 0);
  expect(all / 1024 ** 3).toBeGreaterThan(500);
});
