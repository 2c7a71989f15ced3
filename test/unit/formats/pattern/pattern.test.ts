import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isQuick } from '../../../../src/formats/pattern/is-quick.ts';
import { linearSyntax } from '../../../../src/formats/pattern/linear-syntax.ts';
import { parsePattern } from '../../../../src/formats/pattern/parse-pattern.ts';
import { compilePattern } from '../../../../src/formats/pattern/pattern.ts';

const { tree: patterns } = fc.letrec<{ tree: string; atom: string; sequence: string }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    tie('sequence'),
    fc.tuple(tie('sequence'), tie('sequence')).map(([a, b]) => `${a}|${b}`),
  ),
  sequence: fc
    .array(
      fc
        .tuple(tie('atom'), fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{0,2}', '*?', '+?', '??', '{1,}'))
        .map(([atom, repeated]) => (/^(?:\^|\$|\\b|\\B)$/.test(atom) ? atom : atom + repeated)),
      { maxLength: 4 },
    )
    .map((parts) => parts.join('')),
  atom: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      'a',
      'b',
      'ab',
      '.',
      '[ab]',
      '[^a]',
      String.raw`\d`,
      String.raw`\s`,
      String.raw`\w`,
      String.raw`\W`,
    ),
    fc.constantFrom(
      '^',
      '$',
      String.raw`\b`,
      String.raw`\B`,
      'é',
      '😀',
      String.raw`[\s\d]`,
      String.raw`[^\S]`,
      '[a-c]',
    ),
    tie('tree').map((inner) => `(${inner})`),
    tie('tree').map((inner) => `(?:${inner})`),
  ),
}));
const texts = fc
  .array(fc.constantFrom('a', 'b', 'c', ' ', '1', '\n', '\u2028', '\u00a0', 'é', '😀', '_', '\ufeff'), { maxLength: 9 })
  .map((parts) => parts.join(''));
const replacements = fc
  .array(fc.constantFrom('x', '$&', '$$', '$1', '$2', '$10', '$`', "$'", '$0', '$'), { maxLength: 3 })
  .map((parts) => parts.join(''));

function parsed(source: string) {
  const pattern = parsePattern(source);
  if (!pattern) throw new Error(`${source} is no pattern`);
  return pattern;
}

describe('a compiled pattern', () => {
  test('finds what the language finds', () => {
    let linear = 0;
    fc.assert(
      // The language itself takes too long for larger ones.
      fc.property(
        patterns.filter(({ length }) => length <= 40),
        texts,
        replacements,
        (source, text, by) => {
          const pattern = compilePattern(source);
          const read = parsePattern(source);
          if (read && !isQuick(read) && linearSyntax(read)) linear++;
          const native = new RegExp(source, 'u');
          expect(pattern.test(text)).toBe(native.test(text));
          expect(pattern.exec(text)?.slice() ?? null).toEqual(native.exec(text)?.slice() ?? null);
          expect(pattern.replace(text, by)).toBe(text.replace(new RegExp(source, 'gu'), by));
        },
      ),
      { numRuns: 10_000 },
    );
    expect(linear).toBeGreaterThan(2_000);
  });

  test.each([
    ['^(a+)+$', 'a'],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'],
    ['(x+x+)+y', 'x'],
    [String.raw`^(\w+\s?)*$`, 'word '],
    ['(a|aa)+$', 'a'],
    ['(.*)*b', 'a'],
    [String.raw`\s+$`, ' '],
    ['^(?:a?){40}a{40}$', 'a'],
    [String.raw`^([\w.-]+)+@example\.com$`, 'a'],
    ['(a|a|a|a)*!', 'a'],
  ])('%s takes time that grows with the text alone', (source, unit) => {
    const text = `${unit.repeat(20_000)}\u0001`;
    expect(compilePattern(source).test(text)).toBe(false);
  });

  test.each(['(?=a)b', '(?<!a)b', String.raw`(a)\1`, String.raw`\p{L}+`, '[]', String.raw`\ud800`])(
    '%s means the same nowhere else, and is left to the language',
    (source) => {
      expect(linearSyntax(parsed(source))).toBeNull();
      expect(compilePattern(source).test('ba')).toBe(new RegExp(source, 'u').test('ba'));
    },
  );

  test.each(['^[A-Z]{2}\\d{4}$', '^\\d+$', '^(?:red|green|blue)$', 'abc', '^.{1,100}$', '\\.json$'])(
    '%s is quick by its form',
    (source) => expect(isQuick(parsed(source))).toBe(true),
  );

  test.each(['a+b', '^(a+)+$', '(?:a|b)(?:a|b)', '^a*b*$', 'a{0,101}', '(?=a+)b', '^(?:ab)*$'])(
    '%s is not known to be quick',
    (source) => expect(isQuick(parsed(source))).toBe(false),
  );

  test('reads lone surrogates as the language does', () => {
    expect(compilePattern('^(?:a|.)+$').test('a\ud800')).toBe(true);
  });
});
