import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileExpression, compileFinder } from '../../../src/formats/jmespath/jmespath.ts';
import { parseJson, writeJson } from '../../../src/formats/exact-json.ts';

const page = { id: 'a', meta: { time: 5, tags: ['x', 'y'] }, items: [{ id: 1 }, { id: 2 }] };

/** Finds by an expression in a JSON text; what was found, as JSON text again. */
const findIn = (expression: string, text: string) => {
  const { value, exact } = parseJson(text);
  return writeJson(compileFinder(expression)(value) ?? null, exact);
};

describe('compileExpression', () => {
  test.each([
    ['@', page],
    ['id', 'a'],
    ['meta.time', 5],
    ['items', page.items],
    ['items[1].id', 2],
    ['items[].id', [1, 2]],
    ['meta.tags[0]', 'x'],
    ["join('-', [id, meta.tags[1]])", 'a-y'],
    ['length(items)', 2],
    ['missing || id', 'a'],
    ['"id"', 'a'],
  ])('finds %s', (expression, expected) => {
    expect(compileExpression(expression)(page)).toEqual(expected);
  });

  test.each(['missing', 'meta.missing', 'id.length', 'items.id', 'missing.deeper', 'meta.tags.length', 'items[9].id'])(
    'finds nothing at %s',
    (expression) => {
      expect(compileExpression(expression)(page) ?? null).toBeNull();
    },
  );

  test.each(['constructor', 'toString', 'meta.constructor', 'id.constructor', '__proto__'])(
    "finds nothing at %s that is not the record's own",
    (expression) => {
      expect(compileExpression(expression)(page) ?? null).toBeNull();
    },
  );

  test.each([
    ['map(&constructor, @)', [{ id: 1 }], [null]],
    ['[].constructor', [{ id: 1 }], []],
    ['[?toString]', [{ id: 1 }], []],
    ['let $first = [0] in $first.constructor', [{ id: 1 }], null],
    ['let $own = @ in map(&toString, $own)', [{ toString: 'own' }], ['own']],
  ])('%s reaches no prototype', (expression, value, expected) => {
    expect(compileExpression(expression)(value) ?? null).toEqual(expected);
  });

  test.each(['constructor(@)', 'toString(@)', '__proto__(@)', 'nothing(@)'])('refuses %s: no such function', (text) => {
    expect(() => compileExpression(text)).toThrow(/there is no function/);
  });

  test('refuses an expression that nests too deep to be read, with a message', () => {
    expect(() => compileExpression(`${'['.repeat(50_000)}a`)).toThrow(/./);
  });

  test.each(['', ' ', 'a[', 'a..b', 'a b', '.a', 'a.', '/a/b', "a['b"])(
    'refuses %j before any record is seen',
    (expression) => {
      expect(() => compileExpression(expression)).toThrow(/syntax/i);
    },
  );

  test('walks a dotted path as the interpreter does', () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'medium' },
        fc.constantFrom<unknown>(null, 0, '', 'text', false),
        fc.dictionary(key, tie('tree')),
        fc.array(tie('tree'), { maxLength: 2 }),
      ),
    }));
    fc.assert(
      fc.property(tree, fc.array(key, { minLength: 1, maxLength: 3 }), (value, keys) => {
        const path = keys.join('.');
        const walked = compileExpression(path)(value) ?? null;
        expect(walked).toEqual(compileExpression(`${path} | @`)(value) ?? null);
      }),
    );
  });
});

describe('an expression over numbers that are kept exactly', () => {
  const text = '{"id":9007199254740993,"kind":"a","list":[9007199254740993]}';

  test('finds them with all their digits', () => {
    expect(findIn('id', text)).toBe('9007199254740993');
    expect(findIn('list[0]', text)).toBe('9007199254740993');
    expect(findIn('{a: id}', text)).toBe('{"a":9007199254740993}');
  });

  test('finds nothing inside them', () => {
    expect(findIn('id.text', text)).toBe('null');
  });

  test('writes them as text with all their digits', () => {
    expect(findIn('to_string(id)', text)).toBe('"9007199254740993"');
    expect(findIn("join('-', [kind, to_string(id)])", text)).toBe('"a-9007199254740993"');
  });
});

describe('compileFinder', () => {
  test('finds null where a function is given a wrong type', () => {
    expect(compileFinder('sum(@)')('text')).toBeNull();
    expect(compileFinder('sum(@)')([1, 2])).toBe(3);
  });

  test('still refuses a wrong expression', () => {
    expect(() => compileFinder('a[')).toThrow(/syntax/i);
  });
});
