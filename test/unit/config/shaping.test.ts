import { describe, expect, test } from 'vitest';
import { planOf } from '../../../src/config/plan/plan.ts';
import { ConfigProblems } from '../../../src/config/file/problem.ts';
import { parseConfig } from '../../../src/config/file/parse-config.ts';
import { shapingProblems } from '../../../src/config/schema/problems/shaping-problems.ts';
import { withMaskKey, withSecrets } from '../../../src/config/secrets/secrets.ts';

const lookUp = (name: string) => (name === 'MASK_KEY' ? 'the key' : undefined);
const types: Readonly<Record<string, string>> = {
  http_json: 'type: http_json, url: "https://api.example.com/a", id: id, occurred_at: at',
  rss: 'type: rss, url: "https://api.example.com/a"',
  html: 'type: html, url: "https://api.example.com/a", id: id, occurred_at: at, items: { selector: li }, fields: { id: { selector: a }, at: { selector: b } }',
  file: 'type: file, path: a.ndjson, id: id, occurred_at: at',
  module: 'type: module, module: ./package.json, id: id, occurred_at: at',
};

function read(keys: string, type = 'http_json') {
  const text = `version: 1\nsources:\n  - { name: a, ${types[type]}${keys === '' ? '' : `, ${keys}`} }\n`;
  return parseConfig(text, 'daybook.yaml', lookUp);
}

function problems(keys: string, type?: string): string[] {
  try {
    read(keys, type);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    return error.problems.map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`);
  }
}

function plan(keys: string, type?: string) {
  const config = read(keys, type);
  const [source] = config.sources;
  if (!source) throw new Error('no source');
  return { plan: planOf(config, source), source };
}

test('a key that is written with dots is a value that id reads, too', () => {
  const reads = { id: ['"a.b"'], occurredAt: null, positions: [] };
  expect(shapingProblems({ mask: { 'a.b': 'redact' } }, reads)).toMatchObject([{ path: ['mask', 'a.b'] }]);
});

describe('check of shaping', () => {
  test.each(Object.keys(types))('takes the keys in a source of type %s', (type) => {
    const keys =
      'explode: { path: list, keep: [id, at] }, filter: "a > `1`", map: { id: id, at: at, published: at, email: mail }, drop: [x], mask: { email: hash }, mask_key: "${env:MASK_KEY}"';
    expect(problems(keys, type)).toEqual([]);
  });

  test.each([
    ['mask: { email: hash }', /^mask_key: is required for hash/],
    [
      'mask: { email: hash }, mask_key: plain',
      /^mask_key: found a key that is written in the file, expected a reference/,
    ],
    ['mask: { id: redact }', /^mask\.id: found redact of a value that id "id" reads/],
    [
      'mask: { n: redact }, paginator: { type: cursor, cursor_path: "data[-1].n", cursor_param: c }, records: data',
      /paginator\.cursor_path "n" reads/,
    ],
    [
      'mask: { n: redact }, paginator: { type: cursor, cursor_path: "[-1].n", cursor_param: c }, records: "@"',
      /paginator\.cursor_path/,
    ],
    [
      'mask: { "e-mail": redact }, paginator: { type: cursor, cursor_path: next }, params: { after: "${cursor}", n: "${last:e-mail}" }',
      /\$\{last:…\} "e-mail" reads/,
    ],
    ['mask: { at: redact }', /^mask\.at: found redact of a value that occurred_at "at" reads/],
    ['mask: { at: hash }, mask_key: "${env:MASK_KEY}"', /^mask\.at: found hash of a value that occurred_at/],
    ['mask: { a: scramble }', /^mask\.a: found "scramble", expected hash, redact/],
    ['mask: { "a..b": redact }', /^mask\.a\.\.b: found "a\.\.b", expected a path of keys/],
    ['mask: { "a[0]": redact }', /expected a path of keys/],
    ['mask: {}', /^mask: found nothing/],
    [
      'incremental: { cursor: changed, start_param: since }, mask: { changed: redact }',
      /incremental\.cursor "changed" reads/,
    ],
    [
      'incremental: { cursor: changed, start_param: since }, map: { id: id, at: at, c: changed }, mask: { c: redact }',
      /incremental\.cursor/,
    ],
    [
      'mask: { n: redact }, paginator: { type: cursor, cursor_path: next }, params: { after: "${cursor}", n: "${last:n}" }',
      /^mask\.n: found redact of a value that \$\{last:…\} "n" reads/,
    ],
    ['drop: [id]', /^drop\.0: found a field that id "id" reads/],
    ['drop: []', /^drop: found nothing/],
    ['map: { key: id, at: at }', /^map: has no field id, which id "id" reads, expected it among key, at/],
    ['map: {}', /^map: found nothing/],
    ['map: { id: "a[" }', /^map\.id: found "a\[", expected a JMESPath expression/],
    ['filter: "at > \'2026\'"', /^filter: found .* compares the text '2026' by its order/],
    ['filter: "nope("', /^filter: .*expected a JMESPath expression/],
    ['explode: { keep: [id] }', /^explode\.path: is required/],
    ['explode: { path: a, keep: ["x["] }', /expected a path of keys/],
    ['explode: { path: a, extra: 1 }', /unknown key "extra"/],
    ['fields: { title: title }', /unknown key "fields", expected map/],
    ['rename: { a: b }', /unknown key "rename", did you mean "map"/],
  ])('refuses %s', (keys, expected) => {
    expect(problems(keys)).toMatchObject([expect.stringMatching(expected)]);
  });

  test('a feed needs its id and time in a map', () => {
    expect(problems('map: { title: title }', 'rss')).toHaveLength(1);
    expect(problems('map: { id: id, published: published }', 'rss')).toEqual([]);
  });

  test('the key is no part of a problem', () => {
    expect(problems('mask: { email: hash }, mask_key: topsecret').join()).not.toContain('topsecret');
  });
});

describe('the plan of a shaped source', () => {
  const mask = 'mask: { email: hash }, mask_key: "${env:MASK_KEY}"';

  test('has the reference of the key, until it is filled in', () => {
    const { plan: made, source } = plan(mask);
    expect(JSON.stringify(made)).not.toContain('the key');
    expect(made.shaping?.mask?.key).toBe('${env:MASK_KEY}');
    expect(withMaskKey(made, lookUp).shaping?.mask?.key).toBe('the key');
    expect(withSecrets(made, source, lookUp).shaping?.mask?.key).toBe('the key');
  });

  test('an empty key is refused', () => {
    expect(() => withMaskKey(plan(mask).plan, () => '')).toThrow('mask_key is empty');
  });

  test('filter and explode are another source, map, drop and mask another shape', () => {
    const { plan: plain } = plan('');
    expect(plain.shaping).toBeUndefined();
    const changed = (keys: string) => {
      const { plan: made } = plan(keys);
      return [made.fetchFingerprint !== plain.fetchFingerprint, made.shapeFingerprint !== plain.shapeFingerprint];
    };
    expect(changed('filter: a')).toEqual([true, false]);
    expect(changed('explode: { path: a, keep: [id, at] }')).toEqual([true, false]);
    expect(changed('map: { id: id, at: at }')).toEqual([false, true]);
    expect(changed('drop: [a]')).toEqual([false, true]);
    expect(changed('mask: { a: redact }')).toEqual([false, true]);
  });
});
