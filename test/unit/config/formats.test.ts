import { describe, expect, test } from 'vitest';
import { hostLimits } from '../../../src/config/plan/host-limits.ts';
import { planOf } from '../../../src/config/plan/plan.ts';
import { secretValues, withSecrets } from '../../../src/config/secrets/secrets.ts';
import { complaints, daybookYaml, file, http, parse } from './daybook-yaml.ts';

const document = (...lines: readonly string[]) => daybookYaml([http('type: http', ...lines)]);
const xml = ['format: xml', 'items: { selector: a }', 'fields: { id: { selector: b } }'];

function planIn(text: string) {
  const config = parse(text, { A: 'secret-a' });
  const [source] = config.sources;
  if (!source) throw new Error('expected a source');
  return planOf(config, source);
}

describe('a source of type http', () => {
  test.each<[what: string, lines: string[], expected: string]>([
    [
      'records with csv',
      ['format: csv', 'records: a'],
      'records: found records, which is for format json, but format is csv',
    ],
    ['records with ndjson', ['format: ndjson', 'records: a'], 'records: found records, which is for format json'],
    ['records with xlsx', ['format: xlsx', 'records: a'], 'records: found records, which is for format json'],
    ['records with xml', [...xml, 'records: a'], 'records: found records, which is for format json'],
    [
      'records with a name of csv',
      ['url: https://a.test/x.csv', 'records: a'],
      'records: found records, which is for format json, but the name in url says csv',
    ],
    ['items with json', ['format: json', 'items: { selector: a }'], 'items: found items, which is for format xml'],
    ['items with csv', ['format: csv', 'items: { selector: a }'], 'items: found items, which is for format xml'],
    [
      'fields with json',
      ['format: json', 'fields: { id: { selector: b } }'],
      'fields: found fields, which is for format xml',
    ],
    ['sheet with csv', ['format: csv', 'sheet: One'], 'sheet: found sheet, which is for format xlsx'],
    [
      'csv with json',
      ['format: json', "csv: { delimiter: ';' }"],
      'csv: found csv, which is for format csv, but format is json',
    ],
    ['csv with xlsx', ['format: xlsx', "csv: { delimiter: ';' }"], 'csv: found csv, which is for format csv'],
    [
      'keys of two formats',
      ['sheet: One', 'records: a'],
      'format: found records, sheet, which are for formats json, xlsx; set format',
    ],
    ['xml without items', ['format: xml', 'fields: { id: { selector: b } }'], 'items: is required for XML'],
    ['xml without fields', ['format: xml', 'items: { selector: a }'], 'fields: missing fields'],
    ['a name of xml without items', ['url: https://a.test/sitemap.xml'], 'items: is required for XML'],
    [
      'cursor with csv',
      ['format: csv', 'paginator: { type: cursor, cursor_path: a, cursor_param: b }'],
      'paginator.type: found cursor, which reads JSON',
    ],
    [
      'keyset with csv',
      ['format: csv', 'paginator: { type: keyset, key: id, key_param: after }'],
      'paginator.type: found keyset, which reads the last record of a page',
    ],
    [
      'json_link with xml',
      [...xml, 'paginator: { type: json_link, next_url_path: a }'],
      'paginator.type: found json_link, which reads JSON',
    ],
    [
      'html_link with csv',
      ['format: csv', 'paginator: { type: html_link, selector: a }'],
      'paginator.type: found html_link, which reads elements',
    ],
    [
      'total_path with csv',
      ['format: csv', 'paginator: { type: page_number, total_path: a }'],
      'paginator.total_path: found total_path',
    ],
    ['an unknown format', ['format: parquet'], 'format: found "parquet", expected'],
    [
      'a selector that is none',
      ['format: xml', 'items: { selector: "a[" }', 'fields: { id: { selector: b } }'],
      'items.selector: found "a["',
    ],
    ['a body with GET', ['format: csv', 'body: { a: 1 }'], 'body: found a body, which a GET does not send'],
    [
      'date_order with csv',
      ['format: csv', 'occurred_at: { path: at, date_order: dmy }'],
      'occurred_at.date_order: found date_order',
    ],
    ['a key of its own neighbours', ['format: csv', 'detail: { url: a, fields: {} }'], 'unknown key "detail"'],
    [
      'probe without json',
      ['format: csv', 'schedule: { every: 1m, probe: true }'],
      'schedule.probe: found probe: true for type http without format: json',
    ],
  ])('names what does not fit: %s', (_what, lines, expected) => {
    expect(complaints(document(...lines)).join('\n')).toContain(expected);
  });

  test.each<[what: string, lines: string[]]>([
    ['nothing said', []],
    ['csv by its options', ["csv: { delimiter: ';' }"]],
    ['csv by its name', ['url: https://a.test/x.csv.gz?v=1', 'csv: { header: [id, at] }']],
    [
      'xml by its name',
      ['url: https://a.test/x.xml', 'items: { selector: a }', 'fields: { id: { selector: "dc|id" } }'],
    ],
    [
      'xml with names of a prefix',
      ['format: xml', 'items: { selector: "a|b" }', String.raw`fields: { id: { selector: 'dc\:id' } }`],
    ],
    ['xml with date_order', [...xml, 'occurred_at: { path: at, date_order: dmy }']],
    ['xlsx', ['format: xlsx', 'sheet: Data', 'entry: "*.xlsx"']],
    ['json with POST', ['format: json', 'method: POST', 'body: { a: 1 }', 'records: data']],
    ['a probe of json', ['format: json', 'schedule: { every: 1m, probe: true }']],
    [
      'csv with a token in a header',
      ['format: csv', 'paginator: { type: cursor, cursor_header: X-Next, cursor_param: t }'],
    ],
    ['csv with incremental', ['format: csv', 'incremental: { cursor: at, start_param: since, end_param: until }']],
  ])('is accepted: %s', (_what, lines) => {
    expect(complaints(document(...lines))).toEqual([]);
  });

  test('with format json has the plan of http_json', () => {
    const lines = ['records: data', 'method: POST', 'body: { q: 1 }', 'paginator: page_number', 'headers: { X: y }'];
    const old = planIn(daybookYaml([http(...lines)]));
    expect(planIn(document('format: json', ...lines))).toEqual(old);
  });

  test('with another format or body is another source; how records are read is only another shape', () => {
    const prints = (...lines: readonly string[]) => {
      const { fetchFingerprint, shapeFingerprint } = planIn(document(...lines));
      return [fetchFingerprint, shapeFingerprint];
    };
    const [fetch, shape] = prints('format: csv');
    expect(prints('format: ndjson')[0]).not.toBe(fetch);
    expect(prints('format: csv', 'method: POST', 'body: { a: 1 }')[0]).not.toBe(fetch);
    expect(prints('format: csv', 'entry: a.csv')[0]).not.toBe(fetch);
    const other = prints('format: csv', "csv: { delimiter: ';' }");
    expect(other[0]).toBe(fetch);
    expect(other[1]).not.toBe(shape);
    expect(prints('format: csv', 'max_body: 1GiB', 'timeout: 5m')).toEqual([fetch, shape]);
  });

  test('holds less than it streams', () => {
    expect(planIn(document('format: csv'))).toMatchObject({
      maxBodyBytes: 64 * 1024 ** 2,
      maxStreamBytes: 10 * 1024 ** 3,
    });
    expect(planIn(document('format: csv', 'max_body: 1GiB'))).toMatchObject({
      maxBodyBytes: 1024 ** 3,
      maxStreamBytes: 1024 ** 3,
    });
  });
});

describe('a file at an address', () => {
  test('is fetched as a source of http is', () => {
    const plan = planIn(
      daybookYaml([file('path: https://a.test/sales.csv', "csv: { delimiter: ';' }", 'allow_private: true')]),
    );
    expect(plan).toMatchObject({
      type: 'http',
      format: 'csv',
      url: 'https://a.test/sales.csv',
      allowPrivate: true,
      timeoutMs: 60_000,
    });
    expect(plan).toMatchObject({ csv: { delimiter: ';' }, obeyRobots: false, paginator: { type: 'single_page' } });
  });

  test('of JSON reads its records', () => {
    const plan = planIn(daybookYaml([file('path: https://a.test/sales.json', 'records: data')]));
    expect(plan).toMatchObject({ type: 'http_json', records: 'data', maxBodyBytes: 64 * 1024 ** 2 });
  });

  test.each([
    ['from the environment', '${env:A}'],
    ['written into the file', 'secret-a'],
  ])('keeps its secrets out of the plan, and limits its host: %s', (_what, written) => {
    const path = `path: "https://a.test/sales.csv?token=${written}"`;
    const config = parse(daybookYaml([file(path, 'rate_limit: { requests: 1, per: 1s }')]), { A: 'secret-a' });
    const [source] = config.sources;
    if (!source) throw new Error('expected a source');
    const lookUp = () => 'secret-a';
    const plan = planOf(config, source);
    expect(JSON.stringify(plan)).not.toContain('secret-a');
    expect(withSecrets(plan, source, lookUp)).toMatchObject({
      url: 'https://a.test/sales.csv?token=secret-a',
      secretParams: ['token'],
    });
    expect(secretValues(source, lookUp)).toContain('secret-a');
    expect([...hostLimits(config, lookUp).keys()]).toEqual(['a.test']);
  });

  test('does not change what other files are', () => {
    const local = (...top: string[]) => planIn(daybookYaml([file()], ...top));
    expect(local('defaults: { allow_private: true, timeout: 5s, robots: obey }')).toEqual(local());
    expect(local()).toMatchObject({ type: 'file', maxBodyBytes: 64 * 1024 ** 2 });
  });
});
