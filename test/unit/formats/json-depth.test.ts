import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTextDeeperThan, isValueDeeperThan, parseJson, writeDeepJson } from '../../../src/formats/exact-json.ts';

const nested = (depth: number, inside = '') => '['.repeat(depth) + inside + ']'.repeat(depth);

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe('depth of a text', () => {
  test('counts arrays and objects, and the limit itself is allowed', () => {
    expect(isTextDeeperThan(nested(500), 500)).toBe(false);
    expect(isTextDeeperThan(nested(501), 500)).toBe(true);
    const objects = (depth: number) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
    expect(isTextDeeperThan(objects(500), 500)).toBe(false);
    expect(isTextDeeperThan(objects(501), 500)).toBe(true);
    expect(isTextDeeperThan('[{"a":[{"b":1}]}]', 3)).toBe(true);
    expect(isTextDeeperThan(`[${Array.from({ length: 1_000 }, () => '[]').join()}]`, 2)).toBe(false);
  });

  test('ignores brackets in strings, with any escapes', () => {
    for (const text of ['["[[[[{{{{"]', '{"[[[[":"]"}', '["\\"[[[[{{"]', '["\\\\\\"[[[[{{"]', '["a\\\\","[[[[{"]']) {
      expect(isTextDeeperThan(text, 1)).toBe(false);
    }
    // The backslash is escaped, so the string ends here.
    expect(isTextDeeperThan('["\\\\",[[1]]]', 2)).toBe(true);
    expect(isTextDeeperThan(`["${'\\'.repeat(20_000)}",[[1]]]`, 2)).toBe(true);
  });
});

describe('depth of a value', () => {
  test('counts arrays and objects, and the limit itself is allowed', () => {
    const value = parseJson(nested(501)).value as unknown[];
    expect(isValueDeeperThan(value[0], 500)).toBe(false);
    expect(isValueDeeperThan(value, 500)).toBe(true);
  });

  test('does not count a number that is kept exactly', () => {
    expect(isValueDeeperThan(parseJson('[9007199254740993]').value, 1)).toBe(false);
    expect(isValueDeeperThan(parseJson('9007199254740993').value, 0)).toBe(false);
  });
});

describe('both', () => {
  test('agree on any value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(7), fc.constantFrom(0, 2), (value, limit, indent) => {
        const deeper = depthOf(value) > limit;
        expect(isTextDeeperThan(JSON.stringify(value, null, indent), limit)).toBe(deeper);
        expect(isValueDeeperThan(value, limit)).toBe(deeper);
      }),
      { numRuns: 300 },
    );
  });

  test('and the parser accept 100,000 levels', () => {
    for (const text of [nested(100_000, '1'), nested(100_000, '9007199254740993')]) {
      const { value } = parseJson(text);
      expect(isTextDeeperThan(text, 99_999)).toBe(true);
      expect(isValueDeeperThan(value, 99_999)).toBe(true);
      expect(isValueDeeperThan(value, 100_000)).toBe(false);
      expect(writeDeepJson(value)).toBe(text);
    }
  });
});
