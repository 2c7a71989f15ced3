import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/file/parse-config.ts';
import { complaints } from './daybook-yaml.ts';

/** The example that design.md shows of a whole `daybook.yaml`. */
const example = `version: 1
defaults: { schedule: { every: 5m, jitter: 10s } }
sources:
  - name: quakes                       # [a-z0-9][a-z0-9_-]{0,62}
    type: http_json                    # http_json | rss | html | file | module
    url: https://earthquake.usgs.gov/earthquakes/feed/v1.0/summary/all_hour.geojson
    records: features                  # JMESPath to the list ("@" = the page itself)
    id: id                             # JMESPath, or a list of them (joined and hashed)
    occurred_at: { path: properties.time, format: epoch_ms }
  - name: issues
    type: http_json
    url: https://api.example.com/issues
    method: GET                        # body: … for POST
    auth: { type: bearer, token: "\${env:API_TOKEN}" }
    headers: { X-Trace: daybook }
    params: { state: all, per_page: 100 }
    id: id
    occurred_at: updated_at
    paginator: { type: header_link }
    incremental: { cursor: updated_at, format: iso8601, start_param: since, end_param: until, initial_value: 2026-01-01T00:00:00Z, lag: 1h }
    rate_limit: { requests: 5, per: 1s }                       # shared by all sources of the host
    concurrency: 1                                             # pages at once, where the paginator allows
    retry: { max_attempts: 8, initial_interval: 1s, backoff_coefficient: 2, max_interval: 1m }
    on_response: [{ status: 403, body_contains: rate limit, action: retry }]   # retry | fail | ignore
    schema: schemas/issue.json         # JSON Schema of the payload
    on_invalid: dead_letter            # dead_letter | fail
    max_reject_ratio: 0.5              # from 20 records on
    allow_empty: true
    expect: { min_records: 1, max_staleness: 1d }
    schedule: { cron: "*/5 * * * *", timezone: UTC, overlap: skip, catchup_window: 10m, pause_on_failure: false }
  - name: books
    type: html
    url: https://books.toscrape.com/
    items: { selector: article.product_pod }
    fields:
      title: { selector: "h3 a", attr: title }
      price: { selector: .price_color, type: number }
    id: title
    occurred_at: { on_missing: fetched_at }
    paginator: { type: html_link, selector: li.next a, max_pages: 50 }
    robots: obey                       # obey (default for html) | ignore (default for the rest)
  - name: archive
    type: file
    path: incoming/*.ndjson            # relative to this file; ndjson | json | csv, .gz too
    id: id
    occurred_at: timestamp
csv: { retention: null }
dead_letters: { retention: null }
partitions: { premake: 7, retention: null, max_ahead: 2d, max_age: null, max_new_days: 400, payload_index: immediate }
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'daybook-example-'));
  mkdirSync(join(folder, 'schemas'));
  writeFileSync(join(folder, 'schemas', 'issue.json'), '{ "type": "object", "required": ["id"] }');
});
afterAll(() => rmSync(folder, { recursive: true }));

const parse = (text: string) =>
  parseConfig(text, join(folder, 'daybook.yaml'), (name) => (name === 'API_TOKEN' ? 't' : undefined));

describe('the example of the design', () => {
  test('needs its secret', () => {
    expect(complaints(example).join('\n')).toMatch(/API_TOKEN is not set/);
  });

  test('has no problems, and is read as written', () => {
    const { sources, ...rest } = parse(example);
    expect(rest).toMatchObject({ csv: { retention: null }, partitions: { max_ahead: 172_800_000 } });
    expect(sources).toMatchObject([
      {
        name: 'quakes',
        records: 'features',
        id: 'id',
        schedule: {
          every: 300_000,
          jitter: 10_000,
        },
        occurred_at: {
          path: 'properties.time',
          format: 'epoch_ms',
          timezone: 'UTC',
          on_missing: 'reject',
        },
      },
      {
        name: 'issues',
        headers: { 'X-Trace': 'daybook' },
        params: {
          state: 'all',
          per_page: '100',
        },
        incremental: {
          cursor: 'updated_at',
          start_param: 'since',
          initial_value: '2026-01-01T00:00:00Z',
          lag: 3_600_000,
        },
        schedule: {
          cron: '*/5 * * * *',
          timezone: 'UTC',
          jitter: 10_000,
          catchup_window: 600_000,
        },
        auth: {
          type: 'bearer',
          token: '${env:API_TOKEN}',
        },
        paginator: { type: 'header_link' },
        rate_limit: {
          requests: 5,
          per: 1_000,
        },
        on_response: [
          {
            status: 403,
            body_contains: 'rate limit',
            action: 'retry',
          },
        ],
        schema: 'schemas/issue.json',
        expect: {
          min_records: 1,
          max_staleness: 86_400_000,
        },
        allow_empty: true,
      },
      {
        name: 'books',
        items: { selector: 'article.product_pod' },
        robots: 'obey',
        fields: {
          title: {
            selector: 'h3 a',
            attr: 'title',
          },
          price: {
            selector: '.price_color',
            type: 'number',
          },
        },
        paginator: {
          type: 'html_link',
          selector: 'li.next a',
          max_pages: 50,
        },
      },
      { name: 'archive', path: 'incoming/*.ndjson', schedule: { every: 300_000 } },
    ]);
    expect(sources[1]).not.toHaveProperty('schedule.every');
  });
});
