import { describe, expect, test } from 'vitest';
import { KeySet } from '../../../../src/store/journal/key-set.ts';
import { VersionTable } from '../../../../src/verify/version-table.ts';

const count = 20_000;

describe('KeySet', () => {
  test('knows each key once, through all its growth', () => {
    const keys = new KeySet();
    for (let n = 0; n < count; n++) expect(keys.add('a', String(n))).toBe(true);
    for (let n = 0; n < count; n++) {
      expect(keys.add('a', String(n))).toBe(false);
      expect(keys.has('b', String(n))).toBe(false);
    }
    expect(keys.size).toBe(count);
  });

  test('tells keys of two sources apart', () => {
    const keys = new KeySet();
    expect(keys.add('a', 'b')).toBe(true);
    expect(keys.add('ab', '')).toBe(true);
    expect(keys.add('', 'ab')).toBe(true);
    expect(keys.add('a', 'b')).toBe(false);
  });
});

describe('VersionTable', () => {
  test('keeps every version of a key, and says what differs', () => {
    const table = new VersionTable();
    table.add('a', '1', 10, '{"v":1}');
    table.add('a', '1', 20, '{"v":2}');
    table.add('a', '1', 20, '{ "v": 2.0 }');
    expect(table.keys).toBe(1);
    const verdicts = [
      table.match('a', '1', 10, '{"v":1}'),
      table.match('a', '1', 20, '{"v":2}'),
      table.match('a', '1', 10, '{"v":2}'),
      table.match('a', '1', 10, '{"v":3}'),
      table.match('a', '2', 10, '{"v":1}'),
      table.match('a', '1', 20, null),
      table.match('a', '1', 30, null),
    ];
    expect(verdicts).toEqual(['same', 'same', 'time', 'payload', 'absent', 'same', 'time']);
  });

  test('names each key without a row once, through all its growth', () => {
    const table = new VersionTable();
    for (let n = 0; n < count; n++) table.add('a', String(n), n, null);
    for (let n = 0; n < count; n += 2) table.match('a', String(n), n, null);
    expect(table.hasUnseen()).toBe(true);
    for (let n = 0; n < count; n++) expect(table.takeUnseen('a', String(n))).toBe(n % 2 === 1);
    expect(table.hasUnseen()).toBe(false);
    expect(table.takeUnseen('a', 'another')).toBe(false);
  });
});
