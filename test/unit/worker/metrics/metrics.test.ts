import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { noCounts } from '../../../../src/domain/run/receipt.ts';
import { WorkerCounters } from '../../../../src/worker/metrics/counters.ts';
import { gaugesText, scrape } from '../../../../src/worker/metrics/scrape.ts';
import type { StatusMonitor } from '../../../../src/status/status-monitor.ts';
import { Instance } from '../../../../src/domain/instance.ts';
import { noSchedule } from '../../../../src/status/schedule-status.ts';
import { SourceLabels, unconfigured } from '../../../../src/worker/metrics/source-labels.ts';
import { aFailedReceipt, aReceipt } from '../../domain/a-receipt.ts';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';
import { configOf, now, observedOf } from '../observed.ts';

const folder = useTemporaryFolder();
const countersOf = (...names: string[]) => new WorkerCounters(new SourceLabels(configOf(folder.path, ...names)));

/** The series of a text, without comments and what Node itself says. */
const series = (text: string) => text.split('\n').filter((line) => line.startsWith('daybook_'));
const value = (text: string, name: string) =>
  series(text)
    .find((line) => line.startsWith(`${name} `))
    ?.split(' ')[1];
const dueMs = now.getTime() - 70_000;
const late = { workflowId: 'scrape-news-1', slotMs: dueMs, dueMs, begunMs: dueMs + 65_000 };
const alert = { name: 'empty', source: 'news', state: 'open', since: '2026-11-01T09:00:00Z', message: '' } as const;

describe('counters', () => {
  test('begin at 0 for each source of the configuration', async () => {
    const text = await countersOf('news', 'press').text();
    for (const source of ['news', 'press']) {
      expect(value(text, `daybook_records_total{source="${source}",sink="fetch",result="fetched"}`)).toBe('0');
      expect(value(text, `daybook_records_total{source="${source}",sink="postgres",result="refused"}`)).toBe('0');
      expect(value(text, `daybook_fetch_requests_total{source="${source}",status_class="5xx"}`)).toBe('0');
    }
    expect(value(text, 'daybook_write_failures_total{sink="csv"}')).toBe('0');
  });

  test('sort answers by their class', async () => {
    const counters = countersOf('news');
    for (const status of [200, 204, 304, 404, 503, null, 999]) counters.answered('news', status);
    const text = await counters.text();
    const found = ['2xx', '3xx', '4xx', '5xx', 'error'].map((name) =>
      value(text, `daybook_fetch_requests_total{source="news",status_class="${name}"}`),
    );
    expect(found).toEqual(['2', '1', '1', '1', '2']);
  });

  test('create no series for unconfigured names, no matter how many', async () => {
    const counters = countersOf('news');
    counters.settled('news', 'csv', noCounts);
    counters.ran(aReceipt({ source: 'news' }));
    counters.ran(aFailedReceipt({ type: 'Unexpected', message: 'x' }));
    counters.settled('gone', 'csv', noCounts);
    const before = series(await counters.text()).length;
    for (let n = 0; n < 10_000; n++) {
      const source = `source-${n}`;
      counters.fetched(source, { fetched: 1, accepted: 1, rejected: 0, unchanged: 0, repaired: 0, pages: 1 });
      counters.settled(source, 'csv', { ...noCounts, written: 1 });
      counters.answered(`https://example.com/${n}`, 200);
      counters.throttled(source, 1);
      counters.ran({ ...aFailedReceipt({ type: `Error${n}`, message: `at ${n}` }), source });
    }
    const text = await counters.text();
    expect(series(text)).toHaveLength(before);
    expect(value(text, `daybook_records_total{source="${unconfigured}",sink="csv",result="written"}`)).toBe('10000');
  });
});

describe('an instance', () => {
  test('is a label of all metrics where it has a name, and of none where it is the default one', async () => {
    const config = configOf(folder.path, 'news');
    const options = {
      config,
      sdkMetrics: null,
      watch: { observe: async () => observedOf(config, {}) } as unknown as StatusMonitor,
    };
    const textOf = (instance: Instance) => scrape({ ...options, instance, counters: countersOf('news') });
    expect(await textOf(new Instance())).not.toContain('daybook_instance');
    const named = await textOf(new Instance('lab'));
    expect(series(named).length).toBeGreaterThan(20);
    for (const line of series(named)) expect(line).toContain('daybook_instance="lab"');
  });
});

describe('gauges', () => {
  test('report each configured source, and no other', async () => {
    const config = configOf(folder.path, 'news', 'press');
    const text = gaugesText(observedOf(config, { alerts: [alert] }), config.current().config);
    expect(value(text, 'daybook_last_success_timestamp_seconds{source="press"}')).toBe('1793523600');
    expect(value(text, 'daybook_last_run_records{source="news",sink="fetch",result="unchanged"}')).toBe('1');
    expect(value(text, 'daybook_max_staleness_seconds{source="news"}')).toBe('86400');
    expect(value(text, 'daybook_source_health{source="news",health="ok"}')).toBe('1');
    expect(value(text, 'daybook_source_health{source="news",health="late"}')).toBe('0');
    expect(value(text, 'daybook_partitions_ahead')).toBe('7');
    expect(value(text, 'daybook_alert{name="empty",source="news"}')).toBe('1');
    expect(value(text, 'daybook_alerts_open')).toBe('1');
    expect(value(text, 'daybook_deferred_oldest_seconds{source="news",sink="csv"}')).toBe('0');
  });

  test('are valid series: labels are escaped, and none repeats', () => {
    const config = configOf(folder.path, 'news');
    const text = gaugesText(observedOf(config, { alerts: [alert, alert] }), config.current().config, {
      of: 'a\\b"c\nd',
    });
    expect(value(text, String.raw`daybook_alert{name="empty",source="news",of="a\\b\"c\nd"}`)).toBe('1');
    expect(series(text).filter((line) => line.startsWith('daybook_alert{'))).toHaveLength(1);
    expect(text.endsWith('\n')).toBe(true);
  });

  test('say nothing of what no one knows', async () => {
    const config = configOf(folder.path, 'news');
    const ages = { store: null, letters: null, windows: null, temporal: null, postgres: null, rows: null };
    const observed = observedOf(config, {
      database: {
        server: { reachable: false, version: null, error: 'away', longTransactions: [] },
        partitions: null,
      },
      rowsToday: null,
    });
    const nothing = { ages, memories: new Map(), letters: null, windows: null, lastMaintenanceAt: null };
    const text = gaugesText({ ...observed, ...nothing }, config.current().config);
    const names = new Set(series(text).map((line) => line.replace(/[{ ].*/, '')));
    for (const part of [
      'partitions_ahead',
      'postgres_up',
      'rows_today',
      'last_success_timestamp_seconds',
      'dead_letters',
    ])
      expect(names).not.toContain(`daybook_${part}`);
  });
});

describe('starts', () => {
  test('are told by how late the last one was, and counted by how they went', async () => {
    const config = configOf(folder.path, 'news', 'press');
    const schedules = {
      sources: new Map([['news', { ...noSchedule, recent: [late] }]]),
      others: new Map(),
      rollover: null,
    };
    const text = gaugesText(observedOf(config, { schedules }), config.current().config);
    expect(value(text, 'daybook_schedule_delay_seconds{source="news"}')).toBe('65');
    expect(value(text, 'daybook_schedule_delay_seconds{source="press"}')).toBeUndefined();
    expect(value(text, 'daybook_schedule_starts_total{source="press",result="skipped"}')).toBe('1');
    expect(text).toContain('# TYPE daybook_schedule_starts_total counter');
    expect(value(text, 'daybook_source_health{source="news",health="late"}')).toBe('1');
  });
});

describe('docs/metrics.md', () => {
  test('lists every metric as it is', async () => {
    const config = configOf(folder.path, 'news');
    const counters = countersOf('news');
    counters.ran(aReceipt({ source: 'news' }));
    const schedules = {
      sources: new Map([['news', { ...noSchedule, recent: [late] }]]),
      others: new Map(),
      rollover: null,
    };
    const observed = observedOf(config, { alerts: [alert], rowsToday: new Map(), schedules });
    const state = { lastNewAt: '2026-11-01T09:00:00.000Z' } as never;
    const memories = new Map([...observed.memories].map(([name, memory]) => [name, { ...memory, state }]));
    const text = `${await counters.text()}${gaugesText({ ...observed, memories }, config.current().config)}`;
    const documents = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');
    expect(
      documents
        .split('\n')
        .filter((line) => line.startsWith('| `daybook_'))
        .map(oneSpaced),
    ).toEqual(tableOf(text));
  });
});

/** Tables are padded for the eye. */
const oneSpaced = (line: string) => line.replaceAll(/ +/g, ' ');

/** Name, type, labels and meaning of each metric of a text. */
function tableOf(text: string): string[] {
  return [...text.matchAll(/^# HELP (daybook_\S+) (.*)\n# TYPE \S+ (\S+)\n([^#]*)/gm)].map(
    ([, name = '', help = '', type = '', samples = '']) => {
      const labels = /\{(.*)\}/.exec(samples)?.[1] ?? '';
      const names = [...labels.matchAll(/(\w+)="/g)].map((match) => match[1] ?? '').filter((label) => label !== 'le');
      const listed = names.map((label) => `\`${label}\``).join(', ');
      return `| \`${name}\` | ${type} | ${listed || '–'} | ${help.replace(' All workers report the same: use max(), not sum().', '')} |`;
    },
  );
}
