import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../../src/formats/canonical-json.ts';
import { jsonMark } from '../../../src/formats/json-mark.ts';
import { anyCharacter } from '../../support/any-character.ts';

const blank = fc.constantFrom('', '', '', ' ', '\n\t', '\r ');
const number = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc
    .tuple(fc.constantFrom('', '-'), fc.bigInt({ min: 0n, max: 10n ** 25n }), fc.integer({ min: -25, max: 25 }))
    .map(([sign, digits, power]) => `${sign}${digits}e${power}`),
  fc.constantFrom(
    '0',
    '-0',
    '0.0',
    '0e5',
    '1e2',
    '100',
    '100.0',
    '1E+2',
    '0.1',
    '1e-1',
    '10e-2',
    '0.10',
    '1e400',
    '10e399',
  ),
  fc.constantFrom(
    '1e999999999',
    '10e999999998',
    '1.00000000000000000000',
    '12345678901234567890',
    '12345678901234567891',
  ),
  // No numbers at all.
  fc.constantFrom('01', '1.', '.5', '+1', '1e', '--1', '1e+', '0x1', 'NaN'),
);
const text = fc.oneof(
  fc
    .constantFrom(
      'a',
      'b',
      '',
      '\\u0041',
      'A',
      'é',
      '\\u00e9',
      '\\n',
      '\n',
      '\\/',
      '/',
      '\\x',
      '\\',
      '\\ud800',
      '__proto__',
    )
    .map((inner) => `"${inner}"`),
  fc.string({ unit: anyCharacter, maxLength: 5 }).map((value) => JSON.stringify(value)),
);
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    number,
    text,
    fc.constantFrom('true', 'false', 'null', 'nul', 'True', ''),
    fc
      .tuple(fc.array(tie('value'), { maxLength: 3 }), blank)
      .map(([items, gap]) => `[${gap}${items.join(`${gap},`)}${gap}]`),
    fc
      .tuple(fc.array(fc.tuple(text, tie('value')), { maxLength: 4 }), blank)
      .map(
        ([members, gap]) => `{${gap}${members.map(([key, member]) => `${key}${gap}:${member}`).join(`${gap},${gap}`)}}`,
      ),
    fc.tuple(tie('value'), fc.constantFrom(',', ']', '}', ' x', '"')).map(([inner, more]) => inner + more),
  ),
}));

/** The same value in another text, or nearly the same value. */
const changes: readonly ((text: string) => string)[] = [
  (written) => written,
  (written) => ` ${written}\n`,
  (written) => written.replaceAll(' ', ''),
  (written) => written.replace(/\d/, (digit) => `${digit}0`),
  (written) => written.replace(/(\d)(?=[,\]}])/, '$1.0'),
  (written) => written.replace('a', 'b'),
  (written) => written.replace('-', ''),
  (written) => written.replace('[', '[[').replace(']', ']]'),
  (written) => written.replace(/\{("[^"\\]*"):([^,{}[\]]*),("[^"\\]*"):([^,{}[\]]*)\}/, '{$3:$4,$1:$2}'),
  (written) => written.replace(/\{("[^"\\]*"):([^,{}[\]]*),("[^"\\]*"):([^,{}[\]]*)\}/, '{$1:$4,$3:$2}'),
];

describe('jsonMark', () => {
  test('is the same just where the canonical text is the same', () => {
    fc.assert(
      fc.property(value, value, fc.constantFrom(...changes), (one, other, change) => {
        for (const [a, b] of [
          [one, other],
          [one, change(one)],
        ] as const) {
          expect(jsonMark(a) === jsonMark(b), `${a} ${b}`).toEqual(canonicalJson(a) === canonicalJson(b));
        }
      }),
      { numRuns: 3_000 },
    );
  });

  test.each([
    ['{"a":1,"b":2}', '{"b":2,"a":1}', true],
    ['{"a":1,"b":2}', '{"a":2,"b":1}', false],
    ['{"a":1,"a":2}', '{"a":2}', true],
    ['{"a":{"b":1}}', '{"a":{},"b":1}', false],
    ['[1,[2]]', '[[1],2]', false],
    ['[[],[]]', '[[[]]]', false],
    ['9007199254740993', '9007199254740992', false],
    ['[1,2]', '[2,1]', false],
    ['{"a":[]}', '{"a":{}}', false],
    ['"1"', '1', false],
    ['"true"', 'true', false],
    ['"\\u0041"', '"A"', true],
    ['{"__proto__":1}', '{}', false],
    ['['.repeat(300) + ']'.repeat(300), `${'['.repeat(300)} ${']'.repeat(300)}`, true],
    ['['.repeat(300) + ']'.repeat(300), '['.repeat(299) + ']'.repeat(299), false],
  ])('of %s and %s is the same: %s', (one, other, isSame) => {
    expect(jsonMark(one) === jsonMark(other)).toBe(isSame);
  });

  test('of an object with many members does not depend on their order', () => {
    const members = Array.from({ length: 100 }, (_, n) => `"k${n}":${n}`);
    expect(jsonMark(`{${members.join()}}`)).toBe(jsonMark(`{${members.toReversed().join()}}`));
    expect(jsonMark(`{${members.join()},"k5":6}`)).toBe(jsonMark(`{${members.join().replace('"k5":5', '"k5":6')}}`));
  });

  test('tells many payloads apart that differ little', () => {
    const marks = new Set(Array.from({ length: 200_000 }, (_, n) => jsonMark(`{"a":${n},"b":[${n % 7},"${n % 11}"]}`)));
    expect(marks.size).toBe(200_000);
  });
});
