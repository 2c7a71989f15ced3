import { describe, expect, test } from 'vitest';
import { planOf } from '../../../src/config/plan/plan.ts';
import { arithmeticWarnings, pathsOf } from '../../../src/formats/plan-paths.ts';
import { daybookYaml, file, http, parse } from '../config/daybook-yaml.ts';

function planFrom(source: string) {
  const config = parse(daybookYaml([source]));
  const [only] = config.sources;
  if (!only) throw new Error('expected a source');
  return planOf(config, only);
}

describe('pathsOf', () => {
  test('an API', () => {
    const plan = planFrom(
      http(
        'id: [a, b]',
        'records: c',
        'occurred_at: d',
        'paginator: { type: cursor, cursor_path: e, cursor_param: x, has_more_path: f }',
        'incremental: { cursor: g }',
      ),
    );
    expect(pathsOf(plan).map(({ key, path }) => `${key}: ${path}`)).toEqual([
      'id: a',
      'id: b',
      'occurred_at: d',
      'records: c',
      'incremental.cursor: g',
      'paginator.cursor_path: e',
      'paginator.has_more_path: f',
    ]);
  });

  test('a web page', () => {
    const plan = planFrom(
      http(
        'type: html',
        'occurred_at: { on_missing: fetched_at }',
        'items: { selector: li, json: a }',
        'fields: { b: { json: c }, d: { fields: { e: { json: f } } } }',
        'detail: { url: g, fields: { h: { json: i } } }',
      ),
    );
    expect(pathsOf(plan).map(({ key, path }) => `${key}: ${path}`)).toEqual([
      'id: id',
      'items.json: a',
      'fields.b.json: c',
      'fields.d.fields.e.json: f',
      'detail.url: g',
      'detail.fields.h.json: i',
    ]);
  });
});

test('warns of each path that calculates, and of no other', () => {
  const plan = planFrom(file('id: [order-id, a*b]', 'occurred_at: date/time', 'records: data.all-rows'));
  expect(arithmeticWarnings(plan)).toMatchObject([
    { code: 'arithmetic_path', message: expect.stringContaining('id "a*b" is arithmetic') as string },
  ]);
});
