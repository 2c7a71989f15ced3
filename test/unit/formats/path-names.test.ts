import { compile } from '@jmespath-community/jmespath';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileExpression, isArithmetic, isPath } from '../../../src/formats/jmespath/jmespath.ts';
import { keysOfPath, quoteNames } from '../../../src/formats/jmespath/path-names.ts';

describe('quoteNames', () => {
  test.each([
    ['order-id', '"order-id"'],
    ['data.order-id', 'data."order-id"'],
    ['order-id.value', '"order-id".value'],
    ['@.a-b', '@."a-b"'],
    ['$.a-b', '$."a-b"'],
    ['created-at-utc', '"created-at-utc"'],
    ['_a-1', '"_a-1"'],
    ['7-day', '"7-day"'],
    ['days.2024-01', 'days."2024-01"'],
    ['a--b', '"a--b"'],
    ['a-b || c-d', '"a-b" || "c-d"'],
    ['items[].order-id', 'items[]."order-id"'],
    ['items[-1].a-b', 'items[-1]."a-b"'],
    ['items[0].a-b[:-1]', 'items[0]."a-b"[:-1]'],
    ['[order-id, line-no]', '["order-id", "line-no"]'],
    ['{new-id: order-id}', '{"new-id": "order-id"}'],
    ['sort_by(x, &created-at)', 'sort_by(x, &"created-at")'],
    ['join(`"-"`, [order-id, id])', 'join(`"-"`, ["order-id", id])'],
    ['[?a-b > `1`]', '[?"a-b" > `1`]'],
    ['[?a-b == `"x-y"`].c-d', '[?"a-b" == `"x-y"`]."c-d"'],
    ['!is-old', '!"is-old"'],
    ['a-b - c-d', '"a-b" - "c-d"'],
    ['date/time', '"date/time"'],
    ['data.date/time', 'data."date/time"'],
    ['km-total/h', '"km-total/h"'],
    ['a/b/c', '"a/b/c"'],
    ['a-b/c.d', '"a-b"/c.d'],
  ])('%s is %s', (written, quoted) => {
    expect(quoteNames(written)).toBe(quoted);
    expect(() => compile(quoted)).not.toThrow();
  });

  test.each([
    'id',
    'a - b',
    'a -b',
    'a- b',
    'a-`1`',
    "a-'x-y'",
    'a-"b-c"',
    '"order-id"',
    '"a-b"-c',
    '"say \\"a-b\\" twice"',
    '`"a-b"`',
    '`a\\`b-c`',
    "'a-b'",
    "'it\\'s a-b'",
    '[-1]',
    '[:-1]',
    '[1:-1]',
    '[::-1]',
    '-a',
    '@-a',
    'a-@',
    'a-$',
    '$a-b',
    'a-length(b)',
    'length(a)-b',
    'a[0]-b',
    'a / b',
    'a//b',
    'a.x/b.x',
    'a/b[0]',
    'a/length(b)',
    'a/`2`',
    'a*b',
    'a.*-b',
    '*-b',
    'a%b',
    'a+b',
    '[1-2]',
  ])('leaves %s as it is', (written) => {
    expect(quoteNames(written)).toBe(written);
  });

  test('changes nothing within quotes, and no expression without hyphens and slashes', () => {
    const inner = fc.stringMatching(/^[a-z\-/ .]{0,8}$/);
    const piece = fc.oneof(
      inner.map((text) => `"${text}"`),
      inner.map((text) => `'${text}'`),
      inner.map((text) => `\`"${text}"\``),
      fc.constantFrom('a', '_b', '[0]', '[-1]', '[:-1]', ' - ', ' / ', '*', '.', '&c', '@', '(', ')', ', ', ' || '),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        // Two pieces that touch may make a word of their own.
        const text = pieces.join(' ');
        expect(quoteNames(text)).toBe(text);
      }),
    );
  });

  test('a name of letters, digits and hyphens is found wherever a name is allowed', () => {
    const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,3}(-{1,2}[a-z0-9_]{1,3}){1,2}$/);
    const around = fc.constantFrom(
      (key: string) => key,
      (key: string) => `@.${key}`,
      (key: string) => `[${key}][0]`,
      (key: string) => `{x: ${key}}.x`,
      (key: string) => `none || ${key}`,
      (key: string) => `not_null(none, ${key})`,
      (key: string) => `map(&${key}, [@])[0]`,
      (key: string) => `[@][?${key} == 'found'].${key} | [0]`,
    );
    fc.assert(
      fc.property(name, around, (key, write) => {
        const find = compileExpression(write(key));
        expect(find({ [key]: 'found' })).toBe('found');
        expect(find({ [key.split('-')[0] ?? '']: 5, [key.split('-').at(-1) ?? '']: 3 }) ?? null).toBeNull();
      }),
    );
  });
});

test('a path of names is walked without the interpreter', () => {
  expect(keysOfPath('data.order-id')).toEqual(['data', 'order-id']);
  expect(isPath('data.order-id')).toBe(true);
  for (const more of ['a - b', 'date/time', 'a[0]', '-a', 'a-', '7', 'a..b', '']) expect(keysOfPath(more)).toBeNull();
});

test.each([
  ['order-id', false],
  ['data.date/time', false],
  ['items[-1].id', false],
  ['items[:-1]', false],
  ["join('-', [a, b])", false],
  ['a - b', true],
  ['a-`1`', true],
  ['a*b', true],
  ['a.x/b.x', true],
  ['sort_by(x, &(a - b))', true],
  ['-a', true],
])('%s calculates: %s', (expression, expected) => {
  expect(isArithmetic(expression)).toBe(expected);
});
