import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStoredJson, storedJson } from '../../../../src/store/blobs/stored-json.ts';

const anything = (value: unknown): value is unknown => value !== undefined;
const parse = (content: string | Buffer) => parseStoredJson(Buffer.from(content), 'a thing', anything);
const text = storedJson({ watermark: '2026-11-01T00:00:00.000000Z', count: 10 });

describe('stored JSON', () => {
  test('is JSON, followed by blanks that any parser skips', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        const stored = storedJson(value, indent);
        expect(JSON.stringify(JSON.parse(stored))).toBe(JSON.stringify(value));
        expect(stored.slice(JSON.stringify(value, null, indent).length)).toMatch(/^\n[ \t]{64}\n$/);
        expect(parse(stored)).toEqual({ ok: true, value: JSON.parse(stored) as unknown });
      }),
    );
  });

  test('with any bit flipped is no longer what was written, or the same', () => {
    const value = JSON.parse(text) as unknown;
    for (let bit = 0; bit < text.length * 8; bit++) {
      const flipped = Buffer.from(text);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect([
        { ok: true, value },
        { ok: false, problem: expect.any(String) },
      ]).toContainEqual(parse(flipped));
    }
  });

  test('of 0.2.0, or written by hand, has nothing after it, and is accepted', () => {
    expect(parse('{"a":1}')).toEqual({ ok: true, value: { a: 1 } });
    expect(parse('{\n  "a": 1\n}\n')).toEqual({ ok: true, value: { a: 1 } });
    expect(parse(JSON.stringify({ ...(JSON.parse(text) as object), count: 11 }))).toMatchObject({
      value: { count: 11 },
    });
  });

  test.each([
    ['', 'is empty, expected a thing'],
    ['{', 'is not valid JSON, expected a thing'],
    [text.replace('10', '11'), 'is not what was written, expected a thing'],
    [text.slice(0, -20), 'is not what was written, expected a thing'],
    [text.slice(0, -1), 'is not what was written, expected a thing'],
  ])('that is damaged says in what way', (content, problem) => {
    expect(parse(content)).toEqual({ ok: false, problem });
  });
});
