import { describe, expect, test } from 'vitest';
import { parseBytes, parseDuration } from '../../../../src/config/schema/units.ts';

describe('parseDuration', () => {
  test.each([
    ['0s', 0],
    ['1ms', 1],
    ['90s', 90_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1d', 86_400_000],
    ['2w', 1_209_600_000],
    ['1.5h', 5_400_000],
    ['1m500ms', 60_500],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test('is always a whole number of milliseconds', () => {
    for (const text of ['0.3ms', '1.0001s', '0.1m', '3.14159d']) {
      expect(Number.isInteger(parseDuration(text))).toBe(true);
    }
  });

  test.each([
    '',
    ' ',
    '5',
    '-5m',
    '+5m',
    '5 m',
    '5M',
    '5min',
    '1y',
    'm',
    '5m ',
    '1h 30m',
    '1,5h',
    '.5h',
    '1e3s',
    '5m!',
    '∞',
    `${'9'.repeat(20)}w`,
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeNull();
  });
});

describe('parseBytes', () => {
  test.each([
    ['1000', 1_000],
    ['1000B', 1_000],
    ['512kB', 512_000],
    ['512KiB', 524_288],
    ['8MiB', 8_388_608],
    ['64 MiB', 67_108_864],
    ['8mb', 8_000_000],
    ['1.5GiB', 1_610_612_736],
    ['2GB', 2_000_000_000],
  ])('reads %s', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  test.each(['', ' ', 'MiB', '-8MiB', '8M', '8Mi', '8iB', '8TiB', '8 MiB ', '1e6', '0x10', '8,5MiB', '.5MiB'])(
    'refuses %j',
    (text) => {
      expect(parseBytes(text)).toBeNull();
    },
  );
});
