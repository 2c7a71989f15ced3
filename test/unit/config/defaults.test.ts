import { describe, expect, test } from 'vitest';
import { complaints, daybookYaml, file, http, parse, parseSource, problemsIn } from './daybook-yaml.ts';

/** The source as it becomes with defaults. */
const inheriting = (defaults: string, ...lines: string[]) =>
  parseSource(daybookYaml([http(...lines)], `defaults: { ${defaults} }`));

describe('defaults', () => {
  test('are inherited by every source that knows the key', () => {
    const text = daybookYaml(
      [http(), file()],
      'defaults: { timeout: 5s, headers: { X-Trace: a }, allow_empty: true, schedule: { every: 5m } }',
    );
    const [quakes, archive] = parse(text).sources;
    const shared = { allow_empty: true, schedule: { every: 300_000 } };
    expect(quakes).toMatchObject({ ...shared, timeout: 5_000, headers: { 'X-Trace': 'a' } });
    expect(archive).toMatchObject(shared);
    expect(archive).not.toHaveProperty('headers');
  });

  test('may give the type, the id and the time of all', () => {
    const text = daybookYaml(
      ['  - { name: a, url: https://api.test/a }', '  - { name: b, type: file, path: b.ndjson }'],
      'defaults: { type: http_json, id: id, occurred_at: { path: at, format: epoch_s } }',
    );
    expect(parse(text).sources).toMatchObject([
      { type: 'http_json', occurred_at: { format: 'epoch_s' } },
      { type: 'file', id: 'id' },
    ]);
  });

  test('are merged key by key at any depth, the source first', () => {
    expect(
      inheriting(
        'headers: { A: base, B: base }, retry: { max_attempts: 3, max_interval: 5s }',
        'headers: { B: own, C: own }',
        'retry: { max_attempts: 4 }',
      ),
    ).toMatchObject({ headers: { A: 'base', B: 'own', C: 'own' }, retry: { max_attempts: 4, max_interval: 5_000 } });
  });

  test('are replaced entirely if the source has a list or another value', () => {
    expect(inheriting('id: [a, b]', 'id: [c]').id).toEqual(['c']);
    expect(inheriting('id: [a, b]', 'id: c').id).toBe('c');
  });

  test('are removed by null', () => {
    const source = inheriting(
      'schedule: { every: 5m, jitter: 5s }, headers: { A: base, B: base }, timeout: 5s',
      'schedule: { jitter: null }',
      'headers: { A: null }',
      'timeout: null',
    );
    expect(source).toMatchObject({ headers: { B: 'base' }, timeout: 60_000 });
    expect(source.schedule).toEqual({
      every: 300_000,
      probe: false,
      overlap: 'skip',
      catchup_window: 600_000,
      pause_on_failure: false,
    });
    expect(source).not.toHaveProperty('headers.A');
    expect(inheriting('schedule: { every: 5m }', 'schedule: null').schedule).toBeUndefined();
    expect(inheriting('schedule: { every: 5m, jitter: null }').schedule).not.toHaveProperty('jitter');
  });

  test('of a paginator are shared with paginators of the same type only', () => {
    const base = 'paginator: { type: page_number, page_param: p, max_pages: 3 }';
    expect(inheriting(base, 'paginator: { max_pages: 5 }')).toMatchObject({
      paginator: { type: 'page_number', page_param: 'p', max_pages: 5 },
    });
    expect(inheriting(base, 'paginator: page_number')).toMatchObject({ paginator: { page_param: 'p', max_pages: 3 } });
    expect(inheriting(base, 'paginator: single_page')).toHaveProperty('paginator', { type: 'single_page' });
  });

  test('of occurred_at fill in what a bare path does not say', () => {
    expect(inheriting('occurred_at: { format: epoch_ms, timezone: Europe/Berlin }', 'occurred_at: at')).toMatchObject({
      occurred_at: { path: 'at', format: 'epoch_ms', timezone: 'Europe/Berlin', on_missing: 'reject' },
    });
    expect(inheriting('occurred_at: created', 'occurred_at: { format: epoch_ms }')).toMatchObject({
      occurred_at: { path: 'created', format: 'epoch_ms' },
    });
  });

  test('never give a name', () => {
    expect(complaints(daybookYaml([http('name: null')], 'defaults: { name: quakes }')).join('\n')).toMatch(
      /sources\.0\.name: is required/,
    );
  });

  test('are named with the line of what is wrong in them', () => {
    const text = daybookYaml([http()], 'defaults:', '  schedule:', '    every: often');
    expect(problemsIn(text)).toMatchObject([{ path: ['defaults', 'schedule', 'every'], line: 4 }]);
  });

  test('that are not an object are refused', () => {
    expect(complaints(daybookYaml([http()], 'defaults: [a]')).join()).toMatch(/^defaults: found .*expected/);
  });
});

describe('every and cron', () => {
  test('replace each other when inherited, and keep the rest', () => {
    const cron = 'cron: "*/5 * * * *"';
    const byCron = inheriting('schedule: { every: 5m, jitter: 5s }', `schedule: { ${cron} }`).schedule;
    expect(byCron).toMatchObject({ cron: '*/5 * * * *', jitter: 5_000 });
    expect(byCron).not.toHaveProperty('every');
    const byEvery = inheriting(`schedule: { ${cron}, timezone: Europe/Berlin }`, 'schedule: { every: 5m }').schedule;
    expect(byEvery).toMatchObject({ every: 300_000, timezone: 'Europe/Berlin' });
    expect(byEvery).not.toHaveProperty('cron');
  });

  test('also drop an inherited offset: it belongs to every', () => {
    const defaults = 'schedule: { every: 5m, offset: 0s }';
    expect(inheriting(defaults, 'schedule: { every: 1m }').schedule).toMatchObject({ every: 60_000, offset: 0 });
    expect(inheriting(defaults, 'schedule: { cron: "@daily" }').schedule).not.toHaveProperty('offset');
  });

  test('are an error together, in a source and in defaults', () => {
    const both = 'schedule: { every: 5m, cron: "* * * * *" }';
    expect(problemsIn(daybookYaml([http(both)]))).toMatchObject([{ path: ['sources', 0, 'schedule'], line: 8 }]);
    expect(problemsIn(daybookYaml([http()], `defaults: { ${both} }`))).toMatchObject([
      { path: ['defaults', 'schedule'] },
    ]);
  });

  test('both in defaults are an error also where the source has one of them', () => {
    const text = daybookYaml(
      [http('schedule: { every: 1m }')],
      'defaults: { schedule: { every: 5m, cron: "* * * * *" } }',
    );
    expect(problemsIn(text)).toMatchObject([{ path: ['defaults', 'schedule'] }]);
  });

  test('given as null only remove the inherited one', () => {
    expect(inheriting('schedule: { every: 5m }', 'schedule: { cron: null }').schedule).toMatchObject({
      every: 300_000,
    });
    expect(inheriting('schedule: { every: 5m }', 'schedule: { every: null, cron: "@daily" }').schedule).toMatchObject({
      cron: '@daily',
    });
  });
});
