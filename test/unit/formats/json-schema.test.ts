import { describe, expect, test } from 'vitest';
import { compileSchema } from '../../../src/formats/json-schema.ts';

const schema = {
  type: 'object',
  required: ['id'],
  additionalProperties: false,
  properties: {
    id: { type: 'integer' },
    at: { type: 'string', format: 'date-time' },
    tags: { items: { type: 'string' } },
  },
};

describe('compileSchema', () => {
  const check = compileSchema(schema);

  test('takes what fits', () => {
    expect(check({ id: 1, at: '2026-11-01T09:30:00Z', tags: ['a'] })).toBeNull();
  });

  test.each([
    [{}, "the record must have required property 'id'"],
    [{ id: 'x' }, 'id must be integer'],
    [{ id: 1, at: 'soon' }, 'at must match format "date-time"'],
    [{ id: 1, tags: ['a', 7] }, 'tags.1 must be string'],
    [{ id: 1, odd: true }, 'the record must NOT have additional properties ("odd")'],
  ])('says what does not fit in %j', (payload, message) => {
    expect(check(payload)).toBe(message);
  });

  test.each([
    'http://json-schema.org/draft-07/schema#',
    'https://json-schema.org/draft/2019-09/schema',
    'https://json-schema.org/draft/2020-12/schema',
  ])('speaks %s', (dialect) => {
    expect(compileSchema({ ...schema, $schema: dialect })({ id: 1.5 })).toContain('integer');
  });

  test('knows prefixItems where the dialect does', () => {
    const tuple = { $schema: 'https://json-schema.org/draft/2020-12/schema', prefixItems: [{ type: 'string' }] };
    expect(compileSchema(tuple)([7])).toBe('0 must be string');
  });

  test.each([[null], [[]], ['x'], [{ type: 'nonsense' }], [{ $ref: '#/nowhere' }], [{ pattern: '(' }]])(
    'refuses %j',
    (broken) => {
      expect(() => compileSchema(broken)).toThrow(/./);
    },
  );

  test.each([
    [{ $ref: '#' }],
    [{ allOf: [{ $ref: '#' }] }],
    [{ $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' }],
    [{ properties: { list: {} }, anyOf: [{ not: { $ref: '#' } }] }],
  ])('refuses %j, which refers to itself without end', (endless) => {
    expect(() => compileSchema(endless)).toThrow('it has an endless reference to itself');
  });

  test('reports a record whose check never ends', () => {
    const endless = compileSchema({
      properties: { a: { anyOf: [{ $ref: '#/$defs/x' }] } },
      $defs: { x: { allOf: [{ $ref: '#/$defs/x' }] } },
    });
    expect(endless({ b: 1 })).toBeNull();
    expect(endless({ a: 1 })).toMatch(/checking this record does not end/);
  });

  test('accepts a schema that refers to itself for nested values', () => {
    const tree = compileSchema({
      type: 'object',
      properties: { name: { type: 'string' }, children: { items: { $ref: '#' } } },
    });
    expect(tree({ name: 'a', children: [{ name: 'b', children: [] }] })).toBeNull();
    expect(tree({ name: 'a', children: [{ name: 5 }] })).toMatch(/children\.0\.name must be string/);
  });

  const hostile = `${'a'.repeat(50_000)}\u0001`;
  test.each([
    { rule: { pattern: '^(a+)+$' }, text: hostile, says: /text must match pattern/ },
    { rule: { pattern: String.raw`^(\w+\s?)*$` }, text: hostile, says: /text must match pattern/ },
    { rule: { patternProperties: { '^(a+a+)+$': true, '^(a+)+': false } }, text: { [hostile]: 1 }, says: /false/ },
  ])('$rule takes no longer for a text that is made for it', ({ rule, text, says }) => {
    expect(compileSchema({ properties: { text: rule } })({ text })).toMatch(says);
  });
});
