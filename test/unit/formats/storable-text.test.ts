import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ExactNumber, parseJson, writeJson } from '../../../src/formats/exact-json.ts';
import { mayBeUnstorable, storableValue } from '../../../src/formats/storable-text.ts';

const repaired = (text: string) => {
  const { value, exact } = parseJson(text);
  const repair = storableValue(value);
  return repair === null ? null : writeJson(repair.value, exact);
};

/** Strings full of what goes wrong. */
const nastyString = fc
  .array(fc.constantFrom('\ud83d', '\ude00', '\u0000', '\ufffd', '\\', 'u0000', 'ud800', '"', 'a', 'é', '😀'))
  .map((parts) => parts.join(''));

describe('repairValue', () => {
  test('replaces U+0000 and lone surrogates, one character each', () => {
    expect(repaired('"a\\u0000b"')).toBe('"a\ufffdb"');
    expect(repaired('"\\ud83d"')).toBe('"\ufffd"');
    expect(repaired('"\\uDE00\\uD83D"')).toBe('"\ufffd\ufffd"');
    expect(repaired('"x\\ud83d\\ud83d\\ude00y"')).toBe('"x\ufffd😀y"');
  });

  test('reaches values and keys at any depth, and keeps the rest as it was', () => {
    expect(repaired('{"a":[1,{"k\\u0000":[null,"\\ud800",true]}],"b":{"c":"fine"},"d":[]}')).toBe(
      '{"a":[1,{"k\ufffd":[null,"\ufffd",true]}],"b":{"c":"fine"},"d":[]}',
    );
    expect(repaired('{"a\\u0000":1,"b":2}')).toBe('{"a\ufffd":1,"b":2}');
    expect(repaired('{"__proto__":{"a":"\\u0000"}}')).toBe('{"__proto__":{"a":"\ufffd"}}');
  });

  test('keeps exact numbers beside what it replaces', () => {
    expect(repaired('{"n":9007199254740993,"a":"\\u0000"}')).toBe('{"n":9007199254740993,"a":"\ufffd"}');
    expect(storableValue(new ExactNumber('1e400'))).toBeNull();
  });

  test('finds nothing in pairs of surrogates and escaped backslashes', () => {
    expect(repaired('{"😀":"\\ud83d\\ude00","path":"\\\\u0000\\\\ud800","n":null,"list":[1,"\\n",{}]}')).toBeNull();
    expect(repaired('9007199254740993')).toBeNull();
  });

  test('leaves the value it was given alone', () => {
    const value = { 'a\u0000': ['\ud800'] };
    storableValue(value);
    expect(value).toEqual({ 'a\u0000': ['\ud800'] });
  });

  test('leaves nothing to repair, and all other characters in place', () => {
    fc.assert(
      fc.property(nastyString, (text) => {
        const { value } = (storableValue({ [text]: [text] }) ?? { value: { [text]: [text] } }) as { value: object };
        const [[key, [member]]] = Object.entries(value) as [[string, [string]]];
        const expected = Array.from(text, (character) =>
          character === '\u0000' || /^[\ud800-\udfff]$/.test(character) ? '\ufffd' : character,
        ).join('');
        expect(key).toEqual(expected);
        expect(member).toEqual(expected);
        expect(storableValue(value)).toBeNull();
      }),
      { numRuns: 300 },
    );
  });
});

describe('mayNeedRepair', () => {
  test('suspects no ordinary text', () => {
    expect(mayBeUnstorable('{"a":"é😀","b":"\\u00e9\\n"}')).toBe(false);
  });

  test('suspects every text whose value needs repair, in whatever case it is escaped', () => {
    expect(['"\\u0000"', '"\\ud800"', '"\\uD800"', '"\\udFfF"', '{"\\uDc00":1}'].map(mayBeUnstorable)).not.toContain(
      false,
    );
  });

  test('suspects every written value that needs repair', () => {
    fc.assert(
      fc.property(nastyString, (text) => {
        fc.pre(storableValue(text) !== null);
        expect(mayBeUnstorable(writeJson({ a: text }, false))).toBe(true);
      }),
    );
  });

  test('suspects a written value that needs repair and holds an exact number', () => {
    for (const text of ['{"n":1e400,"a":"\\u0000"}', '{"n":1e400,"a":"\\ud800"}', '{"n":1e400,"\\udc00":1}']) {
      const { value, exact } = parseJson(text);
      expect(mayBeUnstorable(writeJson(value, exact))).toBe(true);
    }
  });
});
