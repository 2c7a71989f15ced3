import { describe, expect, test } from 'vitest';
import { parseJson } from '../../../src/formats/exact-json.ts';
import { recordId } from '../../../src/formats/record-id.ts';

/** The id, or the reason why there is none. */
const idOf = (...values: unknown[]) => {
  const result = recordId(
    values,
    values.map((_, index) => `path${index}`),
  );
  return result.ok ? result.id : result.rejection.reason;
};

describe('recordId', () => {
  test('is a string unchanged', () => {
    expect(idOf('b-1')).toBe('b-1');
    expect(idOf(' ')).toBe(' ');
    expect(idOf('Ünïcode 😀')).toBe('Ünïcode 😀');
  });

  test.each([
    '0',
    '42',
    '-7',
    '1793525400123',
    '9007199254740993',
    '12345678901234567890123',
    '0.5',
    '1000000000000000000000',
    '100000000000000000000000000000000',
  ])('keeps the digits of the number %s', (text) => {
    expect(idOf(parseJson(text).value)).toBe(text);
  });

  test.each([
    ['1e-7', '0.0000001'],
    ['1.5e-7', '0.00000015'],
    ['-2e-30', '-0.000000000000000000000000000002'],
    ['1e-25', '0.0000000000000000000000001'],
    ['1.25e21', '1250000000000000000000'],
    ['1e+21', '1000000000000000000000'],
  ])('writes %s in full', (text, digits) => {
    expect(idOf(JSON.parse(text))).toBe(digits);
  });

  test.each([
    ['null', null],
    ['nothing', undefined],
    ['an empty string', ''],
  ])('is missing where %s is found, also as a part', (_, value) => {
    expect(idOf(value)).toBe('missing_id');
    expect(idOf('a', value)).toBe('missing_id');
    expect(idOf(value, 'a')).toBe('missing_id');
  });

  test.each([
    ['true', true],
    ['false', false],
    ['an object', { a: 1 }],
    ['an array', ['a']],
  ])('is invalid where %s is found, also as a part', (_, value) => {
    expect(idOf(value)).toBe('invalid_id');
    expect(idOf('a', value)).toBe('invalid_id');
  });

  test('may have 1,024 bytes, not one more', () => {
    expect(idOf('é'.repeat(512))).toBe('é'.repeat(512));
    expect(idOf(`${'é'.repeat(512)}a`)).toBe('invalid_id');
    expect(idOf('9'.repeat(1_025))).toBe('invalid_id');
  });

  test('of several parts is a hash that tells them apart, however long they are', () => {
    const ids = [
      idOf('a', 'b'),
      idOf('b', 'a'),
      idOf('ab', 'c'),
      idOf('a', 'bc'),
      idOf('a', 'b', 'c'),
      idOf('a","b', 'c'),
      idOf('a'.repeat(2_000), 'b'),
      idOf(parseJson('9007199254740993').value, 'b'),
      idOf(parseJson('9007199254740992').value, 'b'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(idOf('a', 'b')).toBe(ids[0]);
  });

  test('names the expression that found nothing of use', () => {
    const result = recordId(['a', { b: 1 }], ['kind', 'meta.key']);
    expect(result).toMatchObject({ rejection: { message: expect.stringMatching(/meta\.key.*object/) as string } });
  });
});
