import { describe, expect, test } from 'vitest';
import { complaints, daybookYaml, file, http } from './daybook-yaml.ts';

const needed = 'incremental: { cursor: at, start_param: since }';

describe('a feature that is not built yet', () => {
  test.each([
    ...['schema: issue.json', 'expect: { min_records: 1 }', 'expect: { max_staleness: 1d }', 'method: POST', 'body: a'],
    ...['auth: { type: bearer, token: "${env:T}" }', 'auth: { type: api_key, name: k, api_key: "${env:T}" }'],
    ...['auth: { type: http_basic, username: u, password: "${env:T}" }'],
    'auth: { type: oauth2_client_credentials, token_url: https://api.test/t, client_id: c, client_secret: "${env:T}" }',
    ...['rate_limit: { requests: 5, per: 1s }', 'concurrency: 2', 'robots: obey'],
    ...['on_response: [{ status: 403, action: retry }]', 'paginator: { type: offset, limit: 100 }'],
    ...['paginator: { type: cursor, cursor_path: next, cursor_param: c }', 'paginator: header_link'],
    ...['paginator: { type: json_link, next_url_path: next }', 'paginator: { type: html_link, selector: a }'],
  ])('is refused in a source that is fetched: %s', (line) => {
    const key = line.slice(0, line.indexOf(':'));
    expect(complaints(daybookYaml([http(line)]), { T: 't' })).toEqual([
      expect.stringMatching(new RegExp(`^sources\\.0\\.${key}: .+ is not available yet`)) as string,
    ]);
  });

  test.each([
    ...['path: incoming/*.ndjson', 'path: "a?.ndjson"', 'path: "{a,b}.ndjson"', 'path: a.csv', 'path: a.json'],
    ...['path: a.csv.gz', 'format: csv', 'format: json', 'csv: { delimiter: ";" }'],
  ])('is refused in a file: %s', (line) => {
    const problems = complaints(daybookYaml([file(line)]));
    expect(problems).toEqual([
      expect.stringMatching(/^sources\.0\.(?:path|format|csv): .+ is not available yet/) as string,
    ]);
  });

  test.each([
    ['rss', '  - { name: a, type: rss, url: https://api.test/feed }'],
    [
      'html',
      '  - { name: a, type: html, url: https://api.test/, items: { selector: a }, fields: {}, id: a, occurred_at: b }',
    ],
    ['module', '  - { name: a, type: module, module: ./a.js, id: a, occurred_at: b }'],
  ])('is refused as a type: %s', (type, source) => {
    expect(complaints(daybookYaml([source]))).toEqual([`sources.0.type: type ${type} is not available yet`]);
  });

  test.each([
    ...['csv: { retention: 30d }', 'dead_letters: { retention: 30d }', 'partitions: { retention: 30d }'],
    ...['partitions: { payload_index: sealed }', 'partitions: { payload_index: none }'],
  ])('is refused at the root: %s', (line) => {
    expect(complaints(daybookYaml([http()], line))).toEqual([expect.stringMatching(/is not available yet/) as string]);
  });
});

describe('what is built', () => {
  test.each([
    ...[needed, 'paginator: { type: page_number, base_page: 0, total_path: pages, has_more_path: more, max_pages: 3 }'],
    ...[
      'paginator: { type: single_page, stop_after_empty_page: false }',
      'robots: ignore',
      'concurrency: 1',
      'method: GET',
    ],
    ...[
      'on_response: []',
      'on_invalid: fail',
      'max_record: 1MiB',
      'allow_private: true',
      'timeout: 5s',
      'max_body: 1GiB',
    ],
  ])('is taken in a source that is fetched: %s', (line) => {
    expect(complaints(daybookYaml([http(line)]))).toEqual([]);
  });

  test.each(['path: a.ndjson', 'path: a.ndjson.gz', 'path: a.jsonl', 'path: /var/log/a', 'format: ndjson'])(
    'is taken in a file: %s',
    (line) => {
      expect(complaints(daybookYaml([file(line)]))).toEqual([]);
    },
  );
});
