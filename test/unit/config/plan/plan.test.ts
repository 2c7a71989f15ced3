import { describe, expect, test } from 'vitest';
import { planOf } from '../../../../src/config/plan/plan.ts';
import type { SourcePlan } from '../../../../src/domain/plan/source-plan.ts';
import { daybookYaml, file, http, parse } from '../daybook-yaml.ts';

function planFor(source: string, ...top: string[]): SourcePlan {
  const config = parse(daybookYaml([source], ...top), { TOKEN: 't0ken-value' });
  const [only] = config.sources;
  if (!only) throw new Error('expected a source');
  return planOf(config, only);
}

describe('planOf', () => {
  test('fills in every default, in whole milliseconds and bytes', () => {
    expect(planFor(http())).toMatchObject({
      name: 'quakes',
      type: 'http_json',
      url: 'https://api.test/quakes',
      records: '@',
      id: ['id'],
      occurredAt: {
        path: 'at',
        format: 'iso8601',
        timezone: 'UTC',
        onMissing: 'reject',
      },
      paginator: {
        type: 'single_page',
        hasMorePath: null,
        stopAfterEmptyPage: true,
        maxPages: null,
      },
      incremental: null,
      retry: {
        maxAttempts: 8,
        initialIntervalMs: 1_000,
        backoffCoefficient: 2,
        maxIntervalMs: 60_000,
      },
      limits: {
        maxRecordBytes: 8_388_608,
        maxAheadMs: 172_800_000,
        maxAgeMs: null,
        maxNewDays: 400,
      },
      onInvalid: 'dead_letter',
      maxRejectRatio: 0.5,
      allowEmpty: false,
      allowPrivate: false,
      timeoutMs: 60_000,
      maxBodyBytes: 67_108_864,
    });
  });

  test('takes the time of the fetch for items of a feed without one, also where the order of dates is given', () => {
    const feed = (time: string) =>
      planFor(`  - { name: news, type: rss, url: 'https://x.test/', occurred_at: { ${time} } }`).occurredAt;
    expect(feed('date_order: mdy')).toMatchObject({
      path: 'published || updated',
      dateOrder: 'mdy',
      onMissing: 'fetched_at',
    });
    expect(feed('date_order: mdy, on_missing: reject').onMissing).toBe('reject');
    expect(feed('date_order: mdy, path: at').onMissing).toBe('reject');
    expect(feed('timezone: Europe/Vienna')).not.toHaveProperty('dateOrder');
  });

  test('contains everything that the source sets', () => {
    const source = http(
      'records: items',
      'id: [a, b]',
      'occurred_at: { path: at, format: epoch_s, timezone: Europe/Berlin }',
      'incremental: { cursor: c, format: epoch_ms, start_param: since, initial_value: 2026-01-01, lag: 1h }',
      'paginator: { type: page_number, page_param: p, base_page: 0, total_path: t, has_more_path: m, max_pages: 3, stop_after_empty_page: false }',
      'retry: { max_attempts: 3, initial_interval: 2m }',
      'on_invalid: fail',
      'max_reject_ratio: 0',
      'allow_empty: true',
      'allow_private: true',
      'timeout: 1.5s',
      'max_body: 1kB',
      'max_record: 10',
      'params: { a: 1 }',
      'headers: { B: c }',
    );
    expect(planFor(source, 'partitions: { max_ahead: 1h, max_age: 30d, max_new_days: 5 }')).toMatchObject({
      records: 'items',
      id: ['a', 'b'],
      params: { a: '1' },
      headers: { B: 'c' },
      occurredAt: {
        path: 'at',
        format: 'epoch_s',
        timezone: 'Europe/Berlin',
        onMissing: 'reject',
      },
      incremental: {
        cursor: 'c',
        format: 'epoch_ms',
        startParam: 'since',
        endParam: null,
        initialValue: '2026-01-01',
        lagMs: 3_600_000,
      },
      paginator: {
        type: 'page_number',
        pageParam: 'p',
        basePage: 0,
        totalPath: 't',
        hasMorePath: 'm',
        maxPages: 3,
        stopAfterEmptyPage: false,
      },
      limits: {
        maxRecordBytes: 10,
        maxAheadMs: 3_600_000,
        maxAgeMs: 2_592_000_000,
        maxNewDays: 5,
      },
      onInvalid: 'fail',
      maxRejectRatio: 0,
      allowEmpty: true,
      allowPrivate: true,
      timeoutMs: 1_500,
      maxBodyBytes: 1_000,
    });
  });

  test('never has a longest wait below the first one, which Temporal refuses', () => {
    const { retry } = planFor(http('retry: { initial_interval: 5m, max_interval: 1m }'));
    expect(retry.maxIntervalMs).toBeGreaterThanOrEqual(retry.initialIntervalMs);
  });

  test('of a file keeps the path as it is written, and says how it is read', () => {
    const csv = { delimiter: ',', quote: '"', header: true, encoding: null };
    const plan = planFor(file('path: incoming/*.csv.gz'));
    expect(plan).toMatchObject({ path: 'incoming/*.csv.gz', format: null, records: '@' });
    // Nothing else: the fingerprints of 0.2.0 would change.
    expect(plan).toHaveProperty('csv', csv);
    const written = String.raw`csv: { escape: '\', comment: '#', skip_lines: 2 }`;
    expect(planFor(file('path: a.csv', written))).toMatchObject({
      csv: { ...csv, escape: '\\', comment: '#', skipLines: 2 },
    });
  });

  test.each([
    ['http_json', http, []],
    ['rss', http, ['type: rss']],
    ['html', http, ['type: html', 'items: { selector: a }', 'fields: { id: {} }']],
    ['file', file, []],
    ['module', file, ['type: module', 'path: null', 'module: package.json']],
  ] as const)('has the charset of a source of type %s, and only what it changes changes', (_, write, lines) => {
    const [without, latin] = [planFor(write(...lines)), planFor(write(...lines, 'encoding: latin1'))];
    expect(without).not.toHaveProperty('encoding');
    expect(latin).toMatchObject({ encoding: 'latin1' });
    expect(latin.shapeFingerprint).not.toBe(without.shapeFingerprint);
    // A file is read again from the start.
    expect(latin.fetchFingerprint === without.fetchFingerprint).toBe(latin.type !== 'file');
  });

  test('reaches a workflow unchanged', () => {
    for (const source of [http(), http('paginator: page_number'), file()]) {
      const plan = planFor(source);
      expect(JSON.parse(JSON.stringify(plan))).toStrictEqual(plan);
    }
  });

  test('keeps references as they are written', () => {
    const plan = planFor(
      http('url: "https://api.test/${env:TOKEN}"', 'headers: { Authorization: "Bearer ${env:TOKEN}" }'),
    );
    expect(plan).toMatchObject({
      url: 'https://api.test/${env:TOKEN}',
      headers: { Authorization: 'Bearer ${env:TOKEN}' },
    });
    expect(JSON.stringify(plan)).not.toContain('t0ken-value');
  });
});
