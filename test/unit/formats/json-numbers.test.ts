import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ExactNumber, holdsExtremeNumber, parseDigits, parseJson, writeJson } from '../../../src/formats/exact-json.ts';
import { decimal } from './decimal.ts';

const rewrite = (text: string) => {
  const { value, exact } = parseJson(text);
  return writeJson(value, exact);
};

/** A literal as it comes out again, in a place where it needs its neighbours to be understood. */
const survivor = (literal: string) =>
  /^\{"a":\[1,(.*)\]\}$/.exec(rewrite(`{ "a" : [ 1 ,\n\t${literal} ] }`))?.[1] ?? '';

const digits = (maxLength: number) => fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength });
const anyLiteral = fc
  .record({
    sign: fc.constantFrom('', '-'),
    whole: fc.oneof(digits(3), digits(40)).map((text) => text.replace(/^0+(?=\d)/, '')),
    fraction: fc.option(fc.oneof(digits(3), digits(40)), { nil: null }),
    exponent: fc.option(
      fc.tuple(fc.constantFrom('e', 'E', 'e+', 'E-', 'e-', 'e0'), fc.oneof(fc.nat(30), fc.nat(450), fc.nat(100_000))),
      { nil: null },
    ),
  })
  .map(({ sign, whole, fraction, exponent }) =>
    [sign, whole, fraction === null ? '' : `.${fraction}`, ...(exponent ?? [])].join(''),
  );

describe('parseJson and writeJson', () => {
  test.each([
    '0',
    '-0',
    '-0.0',
    '1',
    '-1',
    '1.0',
    '1.10',
    '1e2',
    '1E+2',
    '100e-2',
    '0e0',
    '0.1',
    '4.35',
    '1e21',
    '1e-7',
    '9007199254740991',
    '9007199254740993',
    '-9007199254740993',
    '9007199254740993.0',
    '18446744073709551615',
    '10000000000000000000000',
    '10000000000000000000000.1234',
    '123456789012345678901234567890e-10',
    '0.1000000000000000055511151231257827021181583404541015625',
    '0.30000000000000004',
    '1.00000000000000000001',
    '1e308',
    '1.7976931348623157e308',
    '1.7976931348623159e308',
    '1e309',
    '1e400',
    '-1e400',
    '1e-400',
    '5e-324',
    '3e-324',
    '2.2250738585072011e-308',
    '9.5367431640625e-7',
    '9007199254740993e0',
    '0.9007199254740993e16',
  ])('keep the value of %s', (literal) => {
    expect(decimal(survivor(literal))).toBe(decimal(literal));
  });

  test('keep the value of any number', () => {
    fc.assert(
      fc.property(anyLiteral, (literal) => {
        expect(decimal(survivor(literal))).toBe(decimal(literal));
        expect(decimal(rewrite(literal))).toBe(decimal(literal));
      }),
      { numRuns: 2_000 },
    );
  });

  test('keep numbers in any position, and strings that look like numbers', () => {
    for (const text of [
      '9007199254740993',
      '[[9007199254740993],[[9007199254740993]]]',
      '{"a":9007199254740993,"b":{"c":[true,9007199254740993]}}',
      '{"say \\"[1e400":"1e400","x":["9007199254740993",",1e400"],"":1e400}',
      '{"a\\\\":1e400}',
      '[{},"",1e400]',
    ]) {
      expect(rewrite(text)).toBe(text);
    }
    expect(rewrite('\r\n {"a"\t:\r\n 9007199254740993\n}\n')).toBe('{"a":9007199254740993}');
  });

  test('mark a value as exact only where a number needs it', () => {
    expect(parseJson('{"id":42,"price":0.1,"big":1e21,"at":1793525400123}').exact).toBe(false);
    expect(parseJson('{"id":"1e400","say":"\\"9007199254740993","n":-1.5e3}').exact).toBe(false);
    expect(parseJson('[0.1,12345678901234567890]')).toEqual({
      value: [0.1, new ExactNumber('12345678901234567890')],
      exact: true,
    });
  });

  test('keep any value, with a long number beside it or not', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        const plain = JSON.stringify(JSON.parse(text));
        expect(rewrite(text)).toBe(plain);
        expect(rewrite(`[${text},9007199254740993]`)).toBe(`[${plain},9007199254740993]`);
      }),
      { numRuns: 500 },
    );
  });

  test('keep a key named __proto__, with a long number beside it or not', () => {
    const text = '{"__proto__":{"a":1},"constructor":2,"n":3}';
    expect(rewrite(text)).toBe(text);
    const long = text.replace('3', '9007199254740993');
    expect(rewrite(long)).toBe(long);
  });

  test('are kept beside a string of 20 MB, and beside what looks like one inside it', () => {
    const odd = String.raw`"a\\\"1e500\"9007199254740993"`;
    const text = `{"n":9007199254740993,"long":"${'x'.repeat(20 * 1024 * 1024)}","odd":${odd},"m":-1e400}`;
    expect(rewrite(text)).toBe(text);
  });

  test('take the last of repeated keys', () => {
    expect(rewrite('{"a":1e400,"a":1}')).toBe('{"a":1}');
    expect(rewrite('{"a":1,"a":1e400}')).toBe('{"a":1e400}');
  });

  test.each([
    '',
    ' ',
    '[1,]',
    '{"a":1,}',
    '[01]',
    '[1.]',
    '[.5]',
    '[+1]',
    '[1e]',
    '[-]',
    '[NaN]',
    '[Infinity]',
    '[1 2]',
    "['a']",
    '["a\nb"]',
    '["\\x"]',
    '["\\u12"]',
    '["a]',
    '[1]]',
    '[1',
    '{"a"}',
    '{a:1}',
    '[tru]',
    '[1]/**/',
  ])('refuse %j, with a long number before it too', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
    expect(() => parseJson(`[9007199254740993,${text}]`)).toThrow(SyntaxError);
  });
});

describe('an extreme number', () => {
  test('has an exponent beyond 400, on either side', () => {
    const extreme = (text: string) => new ExactNumber(text).isExtreme;
    expect(['1e401', '-1e401', '1E+0401', '1e-401', '0.1e401', `1e${'9'.repeat(400)}`].map(extreme)).not.toContain(
      false,
    );
    expect(['1e400', '1e-400', '1E+0400', '401', '1'.repeat(500), '0.401'].map(extreme)).not.toContain(true);
  });

  test('is found at any place of a parsed value, and nowhere else', () => {
    const found = (text: string) => holdsExtremeNumber(parseJson(text).value);
    expect(['1e401', '[1e-401]', '{"a":[{"b":[1e400,1e401]}]}', '[0e500]'].map(found)).not.toContain(false);
    expect(['1e400', '["1e401"]', '{"1e401":null}', '[9007199254740993,1e308]'].map(found)).not.toContain(true);
  });
});

test('a number of 300,000 zeros is read in milliseconds, and keeps its digits', () => {
  const number = `1${'0'.repeat(150_000)}1`;
  const startedAt = performance.now();
  const { value, exact } = parseJson(`[${number}, ${'1'.repeat(150_000)}${'0'.repeat(150_000)}]`);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect(exact).toBe(true);
  expect((value as { text: string }[])[0]?.text).toEqual(number);
});

describe('numbers with their notation', () => {
  test.each([
    '1.10',
    '-0',
    '0.0',
    '1e3',
    '1E3',
    '-1.50',
    '12345678901234567890',
    '[1,-2.0]',
    '{"a":0,"b":-0.00}',
    '1.5',
    '10',
    '0',
    '"1.10"',
  ])('are written as they were read: %s', (text) => {
    const { value, exact } = parseDigits(text);
    expect(writeJson(value, exact)).toBe(text);
  });

  test.each(['{1.10:2}', '01', '1.', '[1.10', '{"a":1.10 "b"}'])('what JSON.parse refuses is refused: %s', (text) => {
    expect(() => parseDigits(text)).toThrow(SyntaxError);
    expect(() => parseDigits(text)).not.toThrow(/number:/);
  });
});
