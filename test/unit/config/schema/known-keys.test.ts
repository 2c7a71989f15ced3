import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { knownKeys } from '../../../../src/config/schema/known-keys.ts';

const circle = z.strictObject({ type: z.literal('circle'), radius: z.number() });
const square = z.strictObject({ type: z.literal('square'), side: z.number().optional() });
const schema = z.strictObject({
  shape: z.discriminatedUnion('type', [circle, square]).optional(),
  list: z.array(z.strictObject({ a: z.string() })).default([]),
  named: z.record(z.string(), z.strictObject({ b: z.string() })).nullable(),
  either: z.union([z.string(), z.strictObject({ c: z.string() })]),
});

describe('knownKeys', () => {
  test('are those of the object at the path', () => {
    expect(knownKeys(schema, [], {})).toEqual(['shape', 'list', 'named', 'either']);
    expect(knownKeys(schema, ['list', 3], { list: [] })).toEqual(['a']);
    expect(knownKeys(schema, ['named', 'x'], { named: {} })).toEqual(['b']);
    expect(knownKeys(schema, ['either'], { either: {} })).toEqual(['c']);
  });

  test('of a union are those of the member that fits the type, else of all', () => {
    expect(knownKeys(schema, ['shape'], { shape: { type: 'square' } })).toEqual(['type', 'side']);
    expect(knownKeys(schema, ['shape'], { shape: { type: 'oval' } })).toEqual(['type', 'radius', 'side']);
    expect(knownKeys(schema, ['shape'], { shape: null })).toEqual(['type', 'radius', 'side']);
  });

  test('are none where there is no object', () => {
    expect(knownKeys(schema, ['list'], { list: [] })).toEqual([]);
    expect(knownKeys(schema, ['nowhere', 'deeper'], {})).toEqual([]);
    expect(knownKeys(schema, ['shape', 'radius'], { shape: { type: 'circle' } })).toEqual([]);
  });
});
