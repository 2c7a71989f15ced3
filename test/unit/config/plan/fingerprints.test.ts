import { describe, expect, test } from 'vitest';
import { accessOfPlan } from '../../../../src/config/plan/access-fingerprint.ts';
import { planOf } from '../../../../src/config/plan/plan.ts';
import { daybookYaml, file, http, parse } from '../daybook-yaml.ts';

function fingerprints(text: string) {
  const config = parse(text, { A: 'a', B: 'b' });
  const [source] = config.sources;
  if (!source) throw new Error('expected a source');
  const { fetchFingerprint, shapeFingerprint } = planOf(config, source);
  return { fetch: fetchFingerprint, shape: shapeFingerprint };
}

const lines = [
  'params: { a: "1", b: "2" }',
  'headers: { X: x, Y: y }',
  'paginator: { type: page_number, page_param: p }',
  'incremental: { cursor: c, start_param: since }',
];
const before = fingerprints(daybookYaml([http(...lines)]));

/** What changes when lines of the source do. */
function changes(...edits: string[]) {
  const keys = edits.map((edit) => edit.slice(0, edit.indexOf(':')));
  const kept = lines.filter((line) => !keys.includes(line.slice(0, line.indexOf(':'))));
  const after = fingerprints(daybookYaml([http(...kept, ...edits)]));
  return { fetch: after.fetch !== before.fetch, shape: after.shape !== before.shape };
}

describe('fingerprints', () => {
  test.each([
    'url: https://api.test/other',
    'params: { a: "1" }',
    'params: { a: "1", b: "3" }',
    'params: { a: "1", c: "2" }',
    'paginator: single_page',
    'paginator: { type: page_number, page_param: q }',
    'paginator: { type: page_number, page_param: p, base_page: 0 }',
    'incremental: null',
    'paginator: { type: page_number, page_param: p, total_path: t }',
    'incremental: { cursor: d, start_param: since }',
    'incremental: { cursor: c, start_param: from }',
    'incremental: { cursor: c, start_param: since, lag: 1h }',
    'url: "https://api.test/${env:A}"',
    'incremental: { cursor: c, start_param: since, format: epoch_s }',
    'incremental: { cursor: c, start_param: since, initial_value: 2026-01-01 }',
  ])('change if something else is requested: %s', (edit) => {
    expect(changes(edit)).toEqual({ fetch: true, shape: false });
  });

  test.each([
    'records: items',
    'id: key',
    'id: [id, key]',
    'headers: { X: x }',
    'headers: { X: x, Y: z }',
    'occurred_at: other',
    'occurred_at: { path: at, format: epoch_s }',
    'occurred_at: { path: at, timezone: Europe/Berlin }',
    'occurred_at: { path: at, on_missing: fetched_at }',
  ])('change if records are shaped differently: %s', (edit) => {
    expect(changes(edit)).toEqual({ fetch: false, shape: true });
  });

  test.each([
    'schedule: { every: 1m }',
    'retry: { max_attempts: 3 }',
    'timeout: 5s',
    'max_body: 1MiB',
    'allow_private: true',
    'allow_empty: true',
    'max_reject_ratio: 1',
    'on_invalid: fail',
    'robots: ignore',
    'concurrency: 1',
    'runs_on: office',
  ])('stay the same where neither changes: %s', (edit) => {
    expect(changes(edit)).toEqual({ fetch: false, shape: false });
  });

  test.each([
    'params: { b: "2", a: "1" }',
    'headers: { Y: y, X: x }',
    'params: { a: 1, b: 2 }',
    'id: [id]',
    'occurred_at: { path: at }',
    'occurred_at: { timezone: UTC, path: at, format: iso8601 }',
    'records: "@"',
    'paginator: { page_param: p, base_page: 1, type: page_number, stop_after_empty_page: true }',
    'incremental: { lag: 0s, start_param: since, format: iso8601, cursor: c }',
    'method: GET',
  ])('stay the same if the same is written differently: %s', (edit) => {
    expect(changes(edit)).toEqual({ fetch: false, shape: false });
  });

  test('stay the same where a part moves to defaults', () => {
    const own = fingerprints(daybookYaml([http('params: { a: "1", b: "2" }')]));
    expect(fingerprints(daybookYaml([http('params: { a: "1" }')], 'defaults: { params: { b: "2" } }'))).toEqual(own);
  });

  test('stay the same when a source is renamed or another one is added', () => {
    expect(fingerprints(daybookYaml([http('name: renamed', ...lines), file()]))).toEqual(before);
  });

  describe('of a source with placeholders', () => {
    const post = ['method: POST', 'body: { after: "${cursor}", size: 2 }', 'headers: { X: "${now}", Y: y }'];
    const paging = 'paginator: { type: cursor, cursor_path: next }';
    const of = (...own: string[]) => fingerprints(daybookYaml([http(...post, paging, ...own)]));
    const base = of();

    test.each([
      'body: { after: "${cursor}", size: 3 }',
      'body: { after: "${cursor?}x", size: 2 }',
      'headers: { X: "${now-1d}", Y: y }',
      'params: { p: "${now:yyyy}" }',
      'url: "https://api.test/quakes?x=${cursor?}"',
    ])('change if something else is requested: %s', (edit) => {
      expect(of(edit).fetch).not.toBe(base.fetch);
    });

    test('change with a plain header in shape only, and not with what is filled in', () => {
      const other = of('headers: { X: "${now}", Y: z }');
      expect(other.fetch).toBe(base.fetch);
      expect(other.shape).not.toBe(base.shape);
      expect(of()).toEqual(base);
    });

    test('of GraphQL change with query and variables', () => {
      const graphql = (...own: string[]) =>
        fingerprints(daybookYaml([http('type: graphql', 'query: "{ a }"', 'variables: { n: 1 }', ...own)]));
      expect(graphql('query: "{ b }"').fetch).not.toBe(graphql().fetch);
      expect(graphql('variables: { n: 2 }').fetch).not.toBe(graphql().fetch);
      expect(graphql('records: data.a').fetch).toBe(graphql().fetch);
    });

    test.each([
      [['paginator: { type: page_number, page_param: p, shifting: true }']],
      [['incremental: { cursor: c, start_param: since, end_param: until, step: 1d }']],
    ])('stay the same with what only changes how a poll reads: %j', (edits) => {
      const plain = edits.map((edit) => edit.replace(/, shifting: true|, step: 1d/, ''));
      const both = [plain, edits].map((own) => fingerprints(daybookYaml([http(...own)])));
      expect(both[1]).toEqual(both[0]);
    });

    test.each([
      ['paginator: { type: cursor, cursor_header: X-Next, cursor_param: c }'],
      ['paginator: { type: offset, limit: 2, total_header: X-Total }'],
      ['paginator: { type: keyset, key: id, key_param: after }'],
    ])('include the body of a source with a new paginator: %s', (edit) => {
      const [one, two] = [1, 2].map((n) =>
        fingerprints(daybookYaml([http('method: POST', `body: { n: ${n} }`, edit)])),
      );
      expect(one?.fetch).not.toBe(two?.fetch);
    });
  });

  test('are those of 0.2.0 for a source that uses no new key', () => {
    const plain = fingerprints(daybookYaml([http(...lines, 'method: POST', 'body: { a: 1 }')]));
    expect({ before, plain }).toMatchInlineSnapshot(`
      {
        "before": {
          "fetch": "aeb526274eb0d4bc",
          "shape": "a6ed474e0ef77672",
        },
        "plain": {
          "fetch": "aeb526274eb0d4bc",
          "shape": "8e84a569583654d8",
        },
      }
    `);
  });

  test('of a file change with its path and its shape', () => {
    const plain = fingerprints(daybookYaml([file()]));
    const moved = fingerprints(daybookYaml([file('path: other.ndjson')]));
    const shaped = fingerprints(daybookYaml([file('id: key')]));
    expect(moved.fetch === plain.fetch).toBe(false);
    expect(moved.shape === plain.shape).toBe(true);
    expect(shaped.fetch === plain.fetch).toBe(true);
    expect(shaped.shape === plain.shape).toBe(false);
  });

  test('distinguish a file from a URL', () => {
    const url = fingerprints(daybookYaml([http('url: https://api.test/a')]));
    expect(fingerprints(daybookYaml([file('path: https://api.test/a')])).fetch).not.toBe(url.fetch);
  });
});

describe('the fingerprint of where requests go, and which secrets they carry', () => {
  const plan = (text: string) => {
    const config = parse(text, { A: 'a', B: 'b' });
    return planOf(config, config.sources[0]!);
  };
  const secret = ['headers: { X-Key: "${env:A}" }', 'params: { q: x }', 'auth: { type: bearer, token: "${env:A}" }'];
  const access = (...edits: string[]) => {
    const keys = edits.map((edit) => edit.slice(0, edit.indexOf(':')));
    const kept = secret.filter((line) => !keys.includes(line.slice(0, line.indexOf(':'))));
    return plan(daybookYaml([http(...kept, ...edits)])).accessFingerprint;
  };

  test.each([
    'url: https://other.test/a',
    'url: http://api.test/a',
    'url: https://api.test:8443/a',
    'proxy: http://p.test:1',
    'headers: { X-Key: "${env:B}" }',
    'headers: { X-Other: "${env:A}" }',
    'params: { q: x, r: y }',
    'auth: { type: bearer, token: "${env:B}" }',
    'auth: { type: bearer, token: literal-token }',
    'auth: { type: http_basic, username: u, password: "${env:A}" }',
    'params: { q: "${env:B}" }',
    'auth: { type: api_key, name: X-K, location: header, api_key: "${env:A}" }',
    'auth: { type: oauth2_client_credentials, token_url: https://t.test, client_id: i, client_secret: "${env:A}" }',
  ])('changes with %s', (edit) => {
    expect(access(edit)).toBeDefined();
    expect(access(edit)).not.toBe(access());
  });

  const others = [
    'auth: { type: api_key, name: k, api_keys: ["${env:A}"] }',
    'auth: { type: oauth2_refresh_token, token_url: https://t.test, client_id: i, refresh_token: "${env:A}" }',
    'auth: { type: session, login: { url: https://t.test/l, body: { p: "${env:A}" } } }',
    'auth: { type: session, login: { url: https://u.test/l, body: { p: "${env:A}" } } }',
    'auth: { type: session, login: { url: https://t.test/l, body: { p: "${env:B}" } } }',
    'auth: { type: session, login: { url: https://t.test/l, body: { p: "${env:A}" } }, token: { path: t } }',
    'tls: { ca: ca.pem }',
    'tls: { ca: "${env:A}" }',
    'tls: { cert: a.pem, key: a.key }',
  ];
  test.each(others)('is different from all others with %s', (edit) => {
    const all = [access(), ...others.filter((other) => other !== edit).map((other) => access(other))];
    expect(all).not.toContain(access(edit));
  });

  test('stays the same with the former name of client_auth, and with its default', () => {
    const client =
      'type: oauth2_client_credentials, token_url: https://t.test, client_id: i, client_secret: "${env:A}"';
    const planWith = (more: string) => plan(daybookYaml([http(`auth: { ${client}${more} }`)]));
    expect(planWith(', client_auth: header')).toEqual(planWith(', credentials: header'));
    expect(planWith(', client_auth: body')).toEqual(planWith(''));
    expect(planWith('')).not.toHaveProperty('auth.credentials');
    expect(planWith(', credentials: header')).toHaveProperty('auth.credentials', 'header');
    // That of 0.2.0.
    expect(planWith(', credentials: header').accessFingerprint).toBe(planWith('').accessFingerprint);
  });

  test('changes with the host of the token endpoint', () => {
    const at = (url: string) =>
      access(
        `auth: { type: oauth2_client_credentials, token_url: "${url}", client_id: i, client_secret: "\${env:A}" }`,
      );
    expect(at('https://t.test/x')).not.toBe(at('https://u.test/x'));
    expect(at('https://t.test/x')).toBe(at('https://t.test/y'));
  });

  test.each(['url: https://api.test/other?a=1', 'params: { q: y }', 'records: items', 'timeout: 5s', 'id: key'])(
    'stays the same with %s',
    (edit) => expect(access(edit)).toBe(access()),
  );

  test.each([
    [http(...secret)],
    [http('headers: { X-Api-Key: literal-key }')],
    [http()],
    [http('url: "https://${env:A}/x"', 'method: POST', 'body: { a: "${env:B}" }')],
    [http('type: module', 'module: vitest.config.ts', 'options: { a: "${env:A}" }').replace(/.*url:.*\n/, '')],
  ])('is derived from a plan of 0.2.0, which has none: %s', (source) => {
    const { accessFingerprint, ...old } = plan(daybookYaml([source]));
    expect(accessFingerprint).toBeDefined();
    expect(accessOfPlan(old)).toBe(accessFingerprint);
  });

  test('is not derived from a plan of 0.2.0 whose address is a masked literal secret', () => {
    expect(accessOfPlan(plan(daybookYaml([http('url: "https://api.test/a?token=literal"')])))).toBeNull();
  });
});
