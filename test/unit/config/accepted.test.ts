import { describe, expect, test } from 'vitest';
import { complaints, daybookYaml, file, http } from './daybook-yaml.ts';

const needed = 'incremental: { cursor: at, start_param: since }';

describe('what a configuration may say', () => {
  test.each([
    'csv: { retention: 30d }',
    'dead_letters: { retention: 30d }',
    'partitions: { retention: 30d }',
    'partitions: { payload_index: sealed }',
    'partitions: { payload_index: none }',
  ])('is taken at the root: %s', (line) => {
    expect(complaints(daybookYaml([http()], line))).toEqual([]);
  });

  test.each([
    needed,
    'paginator: { type: page_number, base_page: 0, total_path: pages, has_more_path: more, max_pages: 3 }',
    'paginator: { type: single_page, stop_after_empty_page: false }',
    'robots: ignore',
    'concurrency: 1',
    'method: GET',
    'expect: { min_records: 1, max_staleness: 1d }',
    'method: POST',
    'auth: { type: bearer, token: "${env:T}" }',
    'auth: { type: api_key, name: k, api_key: "${env:T}" }',
    'auth: { type: http_basic, username: u, password: "${env:T}" }',
    'proxy: "http://u:${env:T}@proxy:3128"',
    'auth: { type: oauth2_client_credentials, token_url: https://api.test/t, client_id: c, client_secret: "${env:T}" }',
    'auth: { type: oauth2_client_credentials, token_url: https://api.test/t, client_id: c, client_secret: s, credentials: header }',
    'auth: { type: oauth2_client_credentials, token_url: https://api.test/t, client_id: c, client_secret: s, client_auth: header }',
    'auth: { type: oauth2_refresh_token, token_url: https://api.test/t, client_id: c, refresh_token: "${env:T}" }',
    'auth: { type: oauth2_refresh_token, token_url: https://api.test/t, client_id: c, client_secret: s, refresh_token: "${env:T}", scope: read, client_auth: header }',
    'auth: { type: api_key, name: k, location: cookie, api_key: "${env:T}" }',
    'auth: { type: api_key, name: k, api_keys: ["${env:T}", other] }',
    'auth: { type: session, login: { url: https://api.test/login, body: { user: me, password: "${env:T}" } } }',
    'auth: { type: session, login: { url: https://api.test/login, method: GET, headers: { X-Key: "${env:T}" } }, token: { header: X-Token } }',
    'auth: { type: session, login: { url: https://api.test/login, body: "p=${env:T}" }, token: { path: a.b, send_as: "X-Token: Token ${token}" } }',
    'auth: { type: session, login: { url: https://api.test/login }, expired_when: { status: 302, body_contains: Sign in } }',
    'tls: { cert: a.pem, key: "${env:T}" }',
    'tls: { ca: "${env:T}" }',
    'params: { tag: [a, 1.10, true] }',
    'incremental: { cursor: at, param_format: epoch_s }',
    'headers: { x: ü }',
    'on_response: [{ status: 999, action: retry }]',
    'rate_limit: { requests: 5, per: 1s }',
    'concurrency: 2',
    'robots: obey',
    'incremental: { cursor: at }',
    'on_response: [{ status: 403, action: retry }]',
    'paginator: { type: offset, limit: 100 }',
    'paginator: { type: cursor, cursor_path: next, cursor_param: c }',
    'paginator: header_link',
    'paginator: { type: json_link, next_url_path: next }',
    'paginator: { type: html_link, selector: a }',
    'on_response: []',
    'on_invalid: fail',
    'max_record: 1MiB',
    'allow_private: true',
    'timeout: 5s',
    'max_body: 1GiB',
  ])('is taken in a source that is fetched: %s', (line) => {
    expect(complaints(daybookYaml([http(line)]), { T: 't', DAYBOOK_KEY: 'k' })).toEqual([]);
  });

  test.each([
    'path: incoming/*.ndjson',
    'path: "a?.ndjson"',
    'path: "{a,b}.ndjson"',
    'path: a.csv',
    'path: a.json',
    'path: a.csv.gz',
    'format: csv',
    'format: json',
    'csv: { delimiter: ";", header: [a, b], encoding: latin1 }',
    'path: a.ndjson',
    'path: a.ndjson.gz',
    'path: a.jsonl',
    'path: /var/log/a',
    'format: ndjson',
  ])('is taken in a file: %s', (line) => {
    expect(complaints(daybookYaml([file(line)]))).toEqual([]);
  });

  test.each([
    '{ name: a, type: rss, url: https://api.test/feed }',
    '{ name: a, type: html, url: https://api.test/, items: { selector: a }, fields: { a: {} }, id: a, occurred_at: b }',
    '{ name: a, type: module, module: package.json, id: a, occurred_at: b }',
    '{ name: a, type: http_json, url: https://api.test/, method: POST, body: { q: [1, null] }, id: a, occurred_at: b }',
  ])('is taken as a source: %s', (source) => {
    expect(complaints(daybookYaml([`  - ${source}`]))).toEqual([]);
  });

  test.each([
    [http('timeout: 5'), /timeout: found 5, expected its unit, too: 5s/],
    [http('rate_limit: { requests: 1 }'), /rate_limit\.per: is required: expected a duration such as 30s/],
    [http('paginator: { type: html_link, selector: "a:::next[" }'), /paginator\.selector: .*expected a CSS selector/],
    [http('paginator: { type: html_link, selector: "<b>" }'), /it is markup/],
    [http('paginator: { type: html_link, selector: "" }'), /it is empty/],
    [
      http('auth: { type: oauth2_client_credentials, token_url: nowhere, client_id: c, client_secret: s }'),
      /auth\.token_url: found "nowhere", expected an http or https URL/,
    ],
    [
      http('on_response: [{ status: 403, action: reauthenticate }]', 'auth: { type: bearer, token: t }'),
      /on_response\.0\.action: reauthenticate needs auth of type oauth2_client_credentials/,
    ],
    [http('auth: { type: api_key, name: "a b", api_key: k }'), /auth\.name: found "a b", expected a header name/],
    [http('headers: { x: "a\\nb" }'), /headers\.x: found a value of several lines/],
    [
      http('headers: { x: "a \u201cb\u201d" }'),
      /headers\.x: found the character U\+201C at position 3, expected those of latin-1/,
    ],
    [http('params: { x: [[1]] }'), /params\.x: .*expected a text, a number, true, false, or a list of such/],
    [http('incremental: { cursor: at, param_format: never }'), /incremental\.param_format: found "never"/],
    [http('headers: { x: [1] }'), /headers\.x: .*expected a text, a number, true or false/],
    [http('body: { q: 1 }'), /body: found a body, which a GET does not send; set method: POST/],
    [http('records: nofunc(a)'), /records: .*there is no function nofunc\(\)/],
    [http('id: "list[].nofunc(@)"'), /there is no function nofunc\(\)/],
    [
      '  - { name: a, type: module, module: ./nope.ts, id: a, occurred_at: b }',
      /module: the file \.\/nope\.ts does not exist/,
    ],
    [
      '  - { name: a, type: html, url: "https://api.test/", items: { selector: a }, id: a, occurred_at: b }',
      /fields: missing fields: set at least one, or items\.json/,
    ],
  ])('is refused where it could not work: %s', (source, message) => {
    expect(complaints(daybookYaml([source])).join('\n')).toMatch(message);
  });
});
