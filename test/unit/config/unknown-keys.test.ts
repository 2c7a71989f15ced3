import { describe, expect, test } from 'vitest';
import { complaints, daybookYaml, file, http, problemsIn } from './daybook-yaml.ts';

describe('an unknown key', () => {
  test.each([
    ['data_selector: a', 'records'],
    ['primary_key: a', 'id'],
    ['cursor_path: a', 'incremental.cursor'],
    ['cursor_field: a', 'incremental.cursor'],
    ['pagination: a', 'paginator'],
    ['base_url: a', 'url'],
    ['path: a', 'url'],
    ['json_schema: a', 'schema'],
    ['interval: 5m', 'schedule.every'],
    ['cron: "* * * * *"', 'schedule.cron'],
    ['Primary-Key: a', 'id'],
    ['recods: a', 'records'],
    ['occured_at: a', 'occurred_at'],
    ['timout: 5s', 'timeout'],
    ['allowPrivate: true', 'allow_private'],
    ['HEADERS: {}', 'headers'],
  ])('%s gets a message with the intended key', (line, meant) => {
    const key = line.slice(0, line.indexOf(':'));
    expect(complaints(daybookYaml([http(line)]))).toEqual([
      `sources.0: unknown key "${key}", did you mean "${meant}"?`,
    ]);
  });

  test('gets a message with all keys if none is close', () => {
    const [complaint] = complaints(daybookYaml([http('retry: { zzzzzzzzz: 1 }')]));
    expect(complaint).toMatch(/^sources\.0\.retry: unknown key "zzzzzzzzz", expected .*max_attempts.*max_interval/);
  });

  test('gets no advice that does not apply to its type of source', () => {
    for (const key of ['cursor_path', 'base_url']) {
      expect(complaints(daybookYaml([file(`${key}: a`)])).join()).not.toMatch(/"(?:incremental\.cursor|url)"/);
    }
    expect(complaints(daybookYaml([file('url: https://api.test/')])).join()).toMatch(/^sources\.0: unknown key "url"/);
  });

  test.each([
    ['at the root', daybookYaml([http()], 'partition: {}'), ': unknown key "partition", did you mean "partitions"?', 2],
    [
      'in partitions',
      daybookYaml([http()], 'partitions:', '  pre_make: 3'),
      'partitions: unknown key "pre_make", did you mean "premake"?',
      3,
    ],
    [
      'in defaults',
      daybookYaml([http()], 'defaults: { shedule: { every: 5m } }'),
      'defaults: unknown key "shedule", did you mean "schedule"?',
      2,
    ],
    [
      'in an object of defaults',
      daybookYaml([http()], 'defaults:', '  retry:', '    max_atempts: 3'),
      'defaults.retry: unknown key "max_atempts", did you mean "max_attempts"?',
      4,
    ],
    [
      'in a paginator, among the keys of its type',
      daybookYaml([http('paginator: { type: page_number, page_parm: p }')]),
      'sources.0.paginator: unknown key "page_parm", did you mean "page_param"?',
      8,
    ],
    [
      'in a list',
      daybookYaml([http('on_response:', '  - { action: retry, stattus: 403 }')]),
      'sources.0.on_response.0: unknown key "stattus", did you mean "status"?',
      9,
    ],
  ])('%s is named with its place', (_, text, complaint, line) => {
    expect(complaints(text)).toEqual([complaint]);
    expect(problemsIn(text)).toMatchObject([{ line }]);
  });

  test.each(['constructor', 'hasOwnProperty', 'valueOf', 'toString'])(
    'may be called %s like something that every object has',
    (key) => {
      expect(complaints(daybookYaml([http(`${key}: 1`)])).join()).toMatch(/^sources\.0: unknown key/);
    },
  );
});
