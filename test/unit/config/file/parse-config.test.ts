import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../../src/config/file/parse-config.ts';
import { complaints, daybookYaml, file, http, parse, parseSource, problemsIn } from '../daybook-yaml.ts';

describe('a configuration', () => {
  test('gets its defaults', () => {
    const config = parse(daybookYaml([http()]));
    expect(config).toMatchObject({
      csv: { retention: null },
      dead_letters: { retention: null },
      partitions: {
        premake: 7,
        retention: null,
        max_ahead: 172_800_000,
        max_age: null,
        max_new_days: 400,
        payload_index: 'immediate',
      },
    });
    expect(config.sources).toMatchObject([
      {
        name: 'quakes',
        records: '@',
        headers: {},
        params: {},
        on_invalid: 'dead_letter',
        max_reject_ratio: 0.5,
        allow_empty: false,
        allow_private: false,
        timeout: 60_000,
        max_body: 67_108_864,
        max_record: 8_388_608,
        occurred_at: {
          path: 'at',
          format: 'iso8601',
          timezone: 'UTC',
          on_missing: 'reject',
        },
        paginator: { type: 'single_page' },
        retry: {
          max_attempts: 8,
          initial_interval: 1_000,
          backoff_coefficient: 2,
          max_interval: 60_000,
        },
      },
    ]);
  });

  test('gets defaults within objects that it sets in part', () => {
    const text = daybookYaml(
      [
        http(
          'schedule: { every: 5m }',
          'retry: { max_attempts: 3 }',
          'incremental: { cursor: at, start_param: since }',
        ),
      ],
      'partitions: { premake: 3 }',
    );
    expect(parse(text).partitions).toMatchObject({ premake: 3, max_new_days: 400, payload_index: 'immediate' });
    expect(parseSource(text)).toMatchObject({
      schedule: { every: 300_000, overlap: 'skip', catchup_window: 600_000, pause_on_failure: false },
      retry: { max_attempts: 3, initial_interval: 1_000, backoff_coefficient: 2, max_interval: 60_000 },
      incremental: { format: 'iso8601', lag: 0 },
    });
  });

  test('may be JSON', () => {
    const source = { name: 'quakes', type: 'http_json', url: 'https://api.test/quakes', id: 'id', occurred_at: 'at' };
    expect(parse(JSON.stringify({ version: 1, sources: [source] }, null, 2))).toEqual(parse(daybookYaml([http()])));
  });

  test('may use anchors and merge keys', () => {
    const base = '  - &base { name: a, type: http_json, url: https://api.test/a, id: id, occurred_at: at }';
    const { sources } = parse(daybookYaml([base, '  - { <<: *base, name: b, url: https://api.test/b }']));
    expect(sources.map((source) => source.name)).toEqual(['a', 'b']);
  });

  test('with many faults reports all of them at once, each with file, line, column and path, in order of lines', () => {
    const text = `version: 1
partitions: { premake: -1 }
sources:
  - name: Quakes
    type: http_json
    url: ftp://api.test/
    id: "a["
    occurred_at: { path: at, timezone: Mars/Base, form: iso8601 }
    timeout: soon
    bogus_thing: 1
    headers:
      X-Key: "\${env:MISSING}"
    paginator: { type: page_number, base_page: one }
  - type: file
    name: daybook-canary
    id: id
    occurred_at: at
sink: none
`;
    const message = (() => {
      try {
        parseConfig(text, '/etc/daybook.yaml', () => undefined);
      } catch (error) {
        return error instanceof Error ? error.message : '';
      }
      return '';
    })();
    const places = message
      .split('\n')
      .map((line) => /^\/etc\/daybook\.yaml:(\d+:\d+): (?:([\w.[\]-]+): )?\S/.exec(line));
    expect(places.map((match) => [match?.[1], match?.[2]])).toEqual([
      ['2:24', 'partitions.premake'],
      ['4:11', 'sources[0].name'],
      ['6:10', 'sources[0].url'],
      ['7:9', 'sources[0].id'],
      ['8:40', 'sources[0].occurred_at.timezone'],
      ['8:51', 'sources[0].occurred_at'],
      ['9:14', 'sources[0].timeout'],
      ['10:5', 'sources[0]'],
      ['12:14', 'sources[0].headers.X-Key'],
      ['13:48', 'sources[0].paginator.base_page'],
      ['14:5', 'sources[1].path'],
      ['15:11', 'sources[1].name'],
      ['18:1', undefined],
    ]);
  });

  test('reports each fault once', () => {
    const text = daybookYaml([http('name: a'), http('name: b')], 'defaults: { timeout: soon, retry: { max: 1 } }');
    expect(problemsIn(text)).toMatchObject([
      { path: ['defaults', 'timeout'], line: 2 },
      { path: ['defaults', 'retry'], line: 2 },
    ]);
  });

  test.each([
    ['', 'nothing'],
    ['just words', 'a string'],
    ['- a\n- b', 'a list'],
    ['42', 'a number'],
  ])('%j is refused', (text) => {
    expect(complaints(text).join()).toMatch(/expected version: 1 and a list of sources/);
  });

  test('without version or of another version is refused', () => {
    expect(complaints(daybookYaml([http()]).replace('version: 1\n', '')).join()).toMatch(/^version: .*expected.* 1/);
    expect(complaints(daybookYaml([http()]).replace('version: 1', 'version: 2'))).toEqual([
      expect.stringMatching(/^version: .*2.*expected.* 1/) as string,
    ]);
  });

  test.each(['version: 1', 'version: 1\nsources: []', 'version: 1\nsources: { a: 1 }', 'version: 1\nsources:'])(
    'without a source is refused: %j',
    (text) => {
      expect(complaints(text).join()).toMatch(/^sources: /);
    },
  );
});

describe('a source', () => {
  test.each(['name', 'url', 'id', 'occurred_at'])('without %s gets the message that it is required', (key) => {
    const text = daybookYaml([http(`${key}: null`)]);
    expect(complaints(text)).toEqual([
      expect.stringMatching(new RegExp(`^sources\\.0\\.${key}: is required`)) as string,
    ]);
  });

  test('of type file without path gets the message that it is required', () => {
    expect(complaints(daybookYaml([file('path: null')]))).toEqual([
      expect.stringMatching(/^sources\.0\.path: is required/) as string,
    ]);
  });

  test('without a type gets a message with all types', () => {
    const [complaint, ...others] = complaints(daybookYaml([http('type: null')]));
    expect(others).toEqual([]);
    expect(complaint).toMatch(/^sources\.0\.type: (?:is required|found no type)/);
    for (const type of ['http_json', 'graphql', 'rss', 'html', 'file', 'module']) expect(complaint).toContain(type);
  });

  test('of an unknown type gets a message with all types', () => {
    expect(complaints(daybookYaml([http('type: json_api')]))).toEqual([
      expect.stringMatching(
        /^sources\.0\.type: found "json_api", expected http_json, http, graphql, rss, html, file, module/,
      ) as string,
    ]);
  });

  test('with the name of another is refused', () => {
    const text = daybookYaml([http('name: a'), http('name: b'), file('name: a')]);
    expect(complaints(text)).toEqual([expect.stringMatching(/^sources\.2\.name: .*"a".*sources\[0\]/) as string]);
  });

  test('may not be called daybook-canary', () => {
    expect(complaints(daybookYaml([http('name: daybook-canary')])).join()).toMatch(/^sources\.0\.name: .*reserved/);
  });

  test.each(['Quakes', '-a', 'a.b', '../a', '""', '5', 'a'.repeat(64)])('may not be called %s', (name) => {
    expect(complaints(daybookYaml([http(`name: ${name}`)])).join()).toMatch(/^sources\.0\.name: /);
  });

  test.each([
    'id: 5',
    'id: []',
    'id: [a, "b["]',
    'records: "a["',
    'occurred_at: 5',
    'occurred_at: [a]',
    'occurred_at: "a["',
    'url: api.test',
    'url: ftp://api.test/',
    'url: file:///etc/passwd',
    'timeout: 5',
    'timeout: 0s',
    'max_body: 0',
    'max_record: lots',
    'max_reject_ratio: 1.5',
    'max_reject_ratio: -0.1',
    'allow_empty: "yes"',
    'on_invalid: drop',
    'retry: { max_attempts: 0 }',
    'retry: { backoff_coefficient: 0.5 }',
    'retry: { initial_interval: -1s }',
    'headers: [a]',
    'headers: { X: { a: 1 } }',
    'headers: { "X Y": a }',
    'params: { a: [[1]] }',
    'concurrency: 0',
    'paginator: { type: page_number, max_pages: 0 }',
    'paginator: pages',
    'paginator: { type: cursor }',
    'incremental: { start_param: s }',
    'incremental: { cursor: at, start_param: s, initial_value: 2026-02-30 }',
    'incremental: { cursor: at, start_param: s, lag: long }',
    'robots: maybe',
    'allow_private: 1',
  ])('with %s is refused at that key', (line) => {
    const key = line.slice(0, line.indexOf(':'));
    expect(problemsIn(daybookYaml([http(line)]))[0]?.path.slice(0, 3)).toEqual(['sources', 0, key]);
  });

  test.each([
    'http://api.test',
    'HTTPS://api.test:8443/a?b=c',
    'http://127.0.0.1:8080/',
    'http://[::1]/',
    '"https://${env:HOST}/a"',
    '"${env:BASE}/a"',
    '"https://api.test/${env:TOKEN}/a"',
    '"http://127.0.0.1:${env:PORT}/a"',
  ])('may have the URL %s', (url) => {
    const variables = { HOST: 'api.test', BASE: 'https://api.test', TOKEN: 't', PORT: '8080' };
    expect(complaints(daybookYaml([http(`url: ${url}`)]), variables)).toEqual([]);
  });

  test('with a password in its URL is refused, and the password not repeated', () => {
    const [complaint] = complaints(daybookYaml([http('url: https://ann:hunter22@api.test/')]));
    expect(complaint).toMatch(/^sources\.0\.url: .*\$\{env:NAME\}/);
    expect(complaint).not.toContain('hunter22');
  });

  test.each([
    ['timeout: 2d', 'found "2d", expected 1ms to 1d'],
    ['schedule: { every: 10ms }', 'found "10ms", expected at least 1s'],
    ['schedule: { every: 1h, catchup_window: 1s }', 'found "1s", expected at least 10s'],
  ])('with %s gets a message with the limit in the units of the file', (line, message) => {
    expect(problemsIn(daybookYaml([http(line)]))[0]?.message).toBe(message);
  });

  test('with an invalid header name gets a message with what was expected', () => {
    expect(complaints(daybookYaml([http('headers: { "X Y": a }')])).join()).toContain('expected a header name');
  });

  test('of an API gets the message that it has no dates of unknown order', () => {
    expect(complaints(daybookYaml([http('occurred_at: { path: at, date_order: dmy }')]))).toEqual([
      'sources.0.occurred_at.date_order: found date_order, which is for feeds and web pages, expected a format such as dd/MM/yyyy',
    ]);
    expect(
      complaints(daybookYaml([http('type: rss', 'occurred_at: { date_order: dmy }')]).replace('    id: id\n', '')),
    ).toEqual([]);
  });

  test('may write one id or several, and short forms', () => {
    expect(parseSource(daybookYaml([http('id: [a, b.c]', 'paginator: page_number')]))).toMatchObject({
      id: ['a', 'b.c'],
      paginator: { type: 'page_number', base_page: 1 },
    });
  });
});
