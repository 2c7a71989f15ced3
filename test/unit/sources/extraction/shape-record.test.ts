import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { ShapingPlan } from '../../../../src/domain/plan/shaping-plan.ts';
import { parseDigits, writeJson } from '../../../../src/formats/exact-json.ts';
import { createShaper } from '../../../../src/sources/extraction/shaping/shape-record.ts';
import { httpPlan } from '../plans.ts';

/** What becomes of a record, as texts: the stored record, `filtered`, or why it is refused. */
function shaped(shaping: ShapingPlan, text: string): string[] {
  const shaper = createShaper(httpPlan({ shaping }));
  const { value } = parseDigits(text);
  return (shaper?.shape({ value, exact: true, mayBeDeep: false }) ?? []).map((record) => {
    if (record.kind === 'kept') return writeJson(record.raw.value, record.raw.exact);
    return record.kind === 'filtered' ? 'filtered' : `${record.rejection.reason}: ${record.rejection.message}`;
  });
}

const key = 'a key';
const hmac = (text: string) => `hmac:${createHmac('sha256', key).update(text).digest('hex').slice(0, 32)}`;
const masked = (fields: Readonly<Record<string, 'hash' | 'redact'>>) => ({ mask: { fields, key } });

describe('explode', () => {
  const order = '{"id":7,"who":{"name":"Ann","city":"Graz"},"lines":[{"sku":"a","n":1},{"sku":"b","n":2.50}]}';

  test('makes a record of each element, with what is kept of the record around it', () => {
    expect(shaped({ explode: { path: 'lines', keep: ['id', 'who.name'] } }, order)).toEqual([
      '{"id":7,"who":{"name":"Ann"},"sku":"a","n":1}',
      '{"id":7,"who":{"name":"Ann"},"sku":"b","n":2.50}',
    ]);
    expect(shaped({ explode: { path: 'lines', keep: { order: 'id', city: 'who.city' } } }, order)[0]).toBe(
      '{"order":7,"city":"Graz","sku":"a","n":1}',
    );
  });

  test('makes nothing of an empty list, null or no list', () => {
    for (const text of ['{"lines":[]}', '{"lines":null}', '{}']) {
      expect(shaped({ explode: { path: 'lines', keep: [] } }, text)).toEqual([]);
    }
  });

  test('refuses what is no list', () => {
    expect(shaped({ explode: { path: 'lines', keep: [] } }, '{"lines":{"a":1}}')).toEqual([
      'wrong_shape: explode "lines" failed: found an object, expected a list',
    ]);
  });

  test('gives an element that is no object the name of the list', () => {
    expect(shaped({ explode: { path: 'data.tags', keep: ['id'] } }, '{"id":1,"data":{"tags":["x",null]}}')).toEqual([
      '{"id":1,"tags":"x"}',
      '{"id":1,"tags":null}',
    ]);
  });

  test('stores the own field of an element, and reports that the one around it is hidden', () => {
    const shaper = createShaper(httpPlan({ shaping: { explode: { path: 'lines', keep: ['id'] } } }));
    const [first] = shaper?.shape({ value: { id: 1, lines: [{ id: 11 }] }, exact: false, mayBeDeep: false }) ?? [];
    expect(first).toMatchObject({ kind: 'kept', raw: { value: { id: 11 } } });
    expect(shaper?.takeConflicts()).toEqual(['id']);
    expect(shaper?.takeConflicts()).toEqual([]);
  });
});

describe('filter, map and drop', () => {
  test.each([
    ['a > `1`', '{"a":2}', true],
    ['a > `1`', '{"a":1}', false],
    ['a > `1`', '{"a":"2"}', false],
    ['a', '{"a":0}', true],
    ['a', '{"a":""}', false],
    ['a', '{"a":[]}', false],
    ['a', '{"a":{}}', false],
    ['a', '{"a":1.10}', true],
    ['a', '{}', false],
    ["a == 'x' || contains(tags, 'y')", '{"tags":["y"]}', true],
    ['a == `9007199254740993`', '{"a":9007199254740993}', true],
    ['a == `9007199254740993`', '{"a":9007199254740992}', false],
    ['a > `9007199254740992`', '{"a":9007199254740993}', true],
    ['a == `1.1`', '{"a":1.10}', true],
    ['a >= `1.10`', '{"a":1.1}', true],
    ['contains(ids, `12345678901234567890`)', '{"ids":[12345678901234567890]}', true],
    ['!deleted', '{"deleted":false}', true],
  ])('a record for which `%s` is true is kept: %s', (filter, text, isKept) => {
    expect(shaped({ filter }, text)).toEqual([isKept ? text : 'filtered']);
  });

  test.each([
    [{ b: 'a', none: 'c' }, '{"a":12345678901234567890}', '{"b":12345678901234567890,"none":null}'],
    [{ list: '[a, b]' }, '{"a":1.10,"b":-0.0}', '{"list":[1.10,-0.0]}'],
    [{ sum: 'a + b' }, '{"a":1.10,"b":2}', '{"sum":3.1}'],
    [{ text: 'to_string(a)' }, '{"a":9007199254740993}', '{"text":"9007199254740993"}'],
    [{ text: '{inner: to_string(a)}' }, '{"a":9007199254740993}', '{"text":{"inner":"9007199254740993"}}'],
    [{ n: 'to_number(a)' }, '{"a":"1.10"}', '{"n":1.10}'],
    [{ n: '`1.10`' }, '{}', '{"n":1.10}'],
    [{ all: '@' }, '{"a":1.10}', '{"all":{"a":1.10}}'],
    [{ m: 'merge(a, {z: b})' }, '{"a":{"x":1.10},"b":2.0}', '{"m":{"x":1.10,"z":2.0}}'],
    [{ most: 'max(a)' }, '{"a":[1.10,12345678901234567890]}', '{"most":12345678901234567890}'],
    [{ last: 'sort_by(a, &n)[-1]' }, '{"a":[{"n":10.0},{"n":9.50}]}', '{"last":{"n":10.0}}'],
    [{ best: 'max_by(a, &n).n' }, '{"a":[{"n":10.0},{"n":9.50}]}', '{"best":10.0}'],
    [{ kind: 'type(a)', s: 'sum(b)' }, '{"a":1.10,"b":[1.0,2]}', '{"kind":"number","s":3}'],
    [{ __proto__name: 'a' }, '{"a":1}', '{"__proto__name":1}'],
    [{ first: '[0]', second: '[1]' }, '["x",1.0]', '{"first":"x","second":1.0}'],
  ])('map %o of %s is %s', (map, text, expected) => {
    expect(shaped({ map }, text)).toEqual([expected]);
  });

  test('drops fields, in the elements of lists too', () => {
    const text = '{"a":1.10,"b":{"c":2,"d":3},"list":[{"c":1,"e":2},{"c":3}],"x.y":4}';
    expect(shaped({ drop: ['b.c', 'list.c', '"x.y"', 'absent'] }, text)).toEqual([
      '{"a":1.10,"b":{"d":3},"list":[{"e":2},{}]}',
    ]);
  });

  test('a record for which an expression fails is refused', () => {
    expect(shaped({ map: { n: 'sum(a)' } }, '{"a":["x"]}')[0]).toMatch(/^wrong_shape: map\.n "sum\(a\)" failed: /);
    expect(shaped({ filter: 'length(a)' }, '{"a":1}')[0]).toMatch(/^wrong_shape: filter "length\(a\)" failed: /);
  });

  test('the steps follow each other: explode, filter, map, drop, mask', () => {
    const shaping: ShapingPlan = {
      explode: { path: 'lines', keep: ['mail'] },
      filter: 'n > `1`',
      map: { amount: 'n', mail: 'mail', extra: 'n' },
      drop: ['extra'],
      ...masked({ mail: 'redact' }),
    };
    expect(shaped(shaping, '{"mail":"a@b.c","lines":[{"n":1},{"n":2.0}]}')).toEqual([
      'filtered',
      '{"amount":2.0,"mail":"[redacted]"}',
    ]);
  });
});

describe('mask', () => {
  test.each([
    ['a', '{"a":"x","b":1.10}', `{"a":"${hmac('x')}","b":1.10}`],
    ['a', '{"a":null}', '{"a":null}'],
    ['a', '{"a":1.10}', `{"a":"${hmac('1.10')}"}`],
    ['a', '{"a":12345678901234567890}', `{"a":"${hmac('12345678901234567890')}"}`],
    ['a', '{"a":{"z":1,"b":[true,"x"]}}', `{"a":"${hmac('{"b":[true,"x"],"z":1}')}"}`],
    ['a', '{"a":["x","y"]}', `{"a":"${hmac('["x","y"]')}"}`],
    ['a[]', '{"a":["x","y"]}', `{"a":["${hmac('x')}","${hmac('y')}"]}`],
    ['a.b', '{"a":[{"b":"x"},{"c":1},[{"b":"y"}]]}', `{"a":[{"b":"${hmac('x')}"},{"c":1},[{"b":"${hmac('y')}"}]]}`],
    ['a[].b', '{"a":{"b":"x"}}', `{"a":{"b":"${hmac('x')}"}}`],
    ['a.b', '{"a.b":"x"}', `{"a.b":"${hmac('x')}"}`],
    ['"a b".c', '{"a b":{"c":"x"}}', `{"a b":{"c":"${hmac('x')}"}}`],
    ['@id', '{"@id":"x"}', `{"@id":"${hmac('x')}"}`],
  ])('hashes %s in %s', (path, text, expected) => {
    expect(shaped(masked({ [path]: 'hash' }), text)).toEqual([expected]);
  });

  test('redacts values of every kind but null', () => {
    const text = '{"a":"x","b":1,"c":{"d":"x"},"e":["x"],"f":null}';
    expect(shaped(masked({ a: 'redact', b: 'redact', c: 'redact', e: 'redact', f: 'redact' }), text)).toEqual([
      '{"a":"[redacted]","b":"[redacted]","c":"[redacted]","e":"[redacted]","f":null}',
    ]);
  });

  test('messages do not show what failed', () => {
    const shaping = { map: { n: 'sum(a)' }, ...masked({ n: 'redact' }) };
    expect(shaped(shaping, '{"a":["x"]}')).toEqual([
      'wrong_shape: map.n "sum(a)" failed; why is not shown, because the source has a mask',
    ]);
  });

  test('reports fields that no record has', () => {
    const shaper = createShaper(httpPlan({ shaping: masked({ email: 'redact', emial: 'redact' }) }));
    for (const email of ['a', 'b']) shaper?.shape({ value: { email }, exact: false, mayBeDeep: false });
    expect(shaper?.takeTally()).toEqual({ 'mask (email)': 0, 'mask (emial)': 2 });
    expect(shaper?.takeTally()).toEqual({});
  });

  test('does not hash a hash again', () => {
    const shaper = createShaper(httpPlan({ shaping: masked({ a: 'hash', b: 'hash' }) }));
    const again = shaper?.maskAgain({ value: { a: hmac('x'), b: 'y' }, exact: true, mayBeDeep: false });
    expect(again?.value).toEqual({ a: hmac('x'), b: hmac('y') });
  });
});
