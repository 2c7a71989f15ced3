import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fit, fitMiddle, pad, textWidth, wrap } from '../../../../../src/cli/output/terminal/text-width.ts';

describe('textWidth', () => {
  test.each([
    ['', 0],
    ['quakes', 6],
    ['é', 1],
    ['e\u0301', 1],
    ['日本', 4],
    ['한국어', 6],
    ['ｗｉｄｅ', 8],
    ['👩‍👩‍👧', 2],
    ['🇦🇹', 2],
  ])('of %j is %i', (text, columns) => {
    expect(textWidth(text)).toBe(columns);
  });
});

describe('fit', () => {
  test.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['日本語', 6, '日本語'],
    ['日本語', 5, '日本…'],
    // Half of a character cannot be shown.
    ['日本語', 4, '日…'],
    ['ab cd', 4, 'ab…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
  ])('%j in %i columns is %j', (text, columns, expected) => {
    expect(fit(text, columns)).toBe(expected);
  });
});

test.each([
  ['a-source-number-12', 18, 'a-source-number-12'],
  ['a-source-number-12', 12, 'a-source…-12'],
  ['日本語日本語', 9, '日本…本語'],
  ['abcdef', 4, 'abc…'],
])('fitMiddle: %j in %i columns is %j', (text, columns, expected) => {
  expect(fitMiddle(text, columns)).toBe(expected);
});

test('pad fills up to columns, not to characters', () => {
  expect(pad('日本', 6)).toBe('日本  ');
  expect(pad('日本', 6, 'right')).toBe('  日本');
  expect(pad('long', 2)).toBe('long');
});

describe('wrap', () => {
  test.each([
    ['a line that fits', 20, {}, ['a line that fits']],
    ['one two three four', 9, {}, ['one two', 'three', 'four']],
    ['one two three four', 10, { indent: 2 }, ['one two', '  three', '  four']],
    ['one two three four', 9, { most: 2 }, ['one two', 'three fo…']],
    ['one two three four', 9, { most: 1 }, ['one two…']],
    ['日本語 日本語', 7, {}, ['日本語', '日本語']],
    ['see https://example.com/a/long/path', 12, {}, ['see https://', 'example.com/', 'a/long/path']],
  ])('%j in %i columns', (text, columns, wrapping, expected) => {
    expect(wrap(text, columns, wrapping)).toEqual(expected);
  });

  test('loses nothing but spaces, and makes no line too long', () => {
    const texts = fc.array(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.constantFrom('日本語', '👩‍👩‍👧')));
    fc.assert(
      fc.property(
        texts,
        fc.integer({ min: 10, max: 60 }),
        fc.integer({ min: 0, max: 12 }),
        (words, columns, indent) => {
          const text = words.join(' ').trim();
          const lines = wrap(text, columns, { indent });
          expect(lines.every((line) => textWidth(line) <= columns)).toBe(true);
          expect(lines.join('').replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
        },
      ),
    );
  });
});
