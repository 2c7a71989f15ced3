import { describe, expect, test } from 'vitest';
import { planOf } from '../../../src/config/plan/plan.ts';
import { arithmeticWarnings, pathsOf, unknownFieldWarnings } from '../../../src/formats/jmespath/plan-paths.ts';
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

test.each([
  ['a field of the item', ['id: url']],
  ['a field of the detail page', ['id: upc', 'detail: { url: url, fields: { upc: { selector: td } } }']],
  ['a part of a field', ['id: url.path']],
  ['an expression', [`id: "join('-', [link, at])"`]],
])('does not warn of an id that is %s', (_what, keys) => {
  const page = ['type: html', 'items: { selector: li }', 'fields: { url: { selector: a } }'];
  const plan = planFrom(http(...page, 'occurred_at: { on_missing: fetched_at }', ...keys));
  expect(unknownFieldWarnings(plan)).toEqual([]);
});

test('warns of a name with a hyphen that no field has, as of any other', () => {
  const page = ['type: html', 'items: { selector: li }', 'fields: { url: { selector: a } }'];
  const plan = planFrom(http(...page, 'occurred_at: { on_missing: fetched_at }', 'id: order-id'));
  expect(unknownFieldWarnings(plan)).toMatchObject([{ message: expect.stringContaining('"order-id"') as string }]);
});

test('does not warn of names in the JSON of an item, which are not known', () => {
  const plan = planFrom(http('type: html', 'items: { selector: li, json: a }', 'id: b'));
  expect(unknownFieldWarnings(plan)).toEqual([]);
});
