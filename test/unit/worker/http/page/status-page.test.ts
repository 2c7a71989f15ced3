import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../../../../src/domain/secrets/redact.ts';
import { statusPage } from '../../../../../src/worker/http/page/status-page.ts';
import { noSchedule } from '../../../../../src/status/schedule-status.ts';
import { knownSources } from '../../../../../src/status/known-sources.ts';
import type { StatusFacts } from '../../../../../src/status/status.ts';
import { aReceipt } from '../../../domain/a-receipt.ts';
import { useTemporaryFolder } from '../../../store/temporary-folder.ts';
import { configOf, now, observedOf } from '../../observed.ts';

const folder = useTemporaryFolder();

function pageOf(part: Partial<StatusFacts>, secrets: readonly string[] = []): string {
  const observed = observedOf(configOf(folder.path, 'news', 'press'), part);
  return statusPage({ ...observed, namespace: 'default', now }, createRedactor(secrets));
}

const alertOf = (message: string) =>
  ({ name: 'run_failed', source: 'news', state: 'open', since: '2026-11-01T08:00:00.000Z', message }) as const;

describe('the status page', () => {
  test('has a row for each source, with its last run and a link into the Web UI', () => {
    const page = pageOf({});
    expect(page.match(/<th role="rowheader" scope="row">/g)).toHaveLength(2);
    expect(page).toContain(
      'href="http://127.0.0.1:8233/namespaces/default/workflows?query=DaybookSource%3D%22news%22"',
    );
    const { address, ui } = observedOf(configOf(folder.path, 'news'), {}).status.temporal;
    const ofLab = pageOf({
      server: { address, ui, reachable: true, error: null, searchAttribute: true, instance: 'lab' },
    });
    expect(ofLab).toContain(`${encodeURIComponent('DaybookSource="news" AND TaskQueue = ')}&#39;daybook-lab&#39;`);
    expect(ofLab).toContain(', instance lab');
    expect(page).toContain('3 fetched, 1 unchanged, csv 0, postgres 0');
    expect(page).toContain('7 days ahead, oldest 2026-11-01');
    expect(page).toContain('2 sources: 2 ok; 0 alerts are open');
  });

  test('shows quoted tags and invisible characters as text', () => {
    const hostile = '<img src=x onerror=alert(1)> "quoted" \'\u202egpj.exe\u001b[31m';
    const page = pageOf({ alerts: [alertOf(hostile)] });
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt; &quot;quoted&quot; &#39;\\u202egpj.exe\\u001b[31m');
    expect(page).not.toMatch(/<img|(?!\s)\p{Cc}|\u202e/u);
  });

  test('is readable to all: language, headers of columns, width of a phone, light and dark', () => {
    const page = pageOf({});
    expect(page).toMatch(/^<!doctype html>\s*<html lang="en">/);
    expect(page).toContain('<meta name="viewport" content="width=device-width, initial-scale=1"');
    expect(page).toContain('<meta http-equiv="refresh" content="30"');
    expect(page).toContain('prefers-color-scheme: dark');
    expect(page.match(/scope="col"/g)).toHaveLength(6);
    expect(page).not.toMatch(/<script|javascript:|\son\w+=/i);
  });

  test('says what waits, who paused a source and what is wrong', () => {
    const page = pageOf({
      waiting: new Map([
        [
          'news',
          [{ sink: 'postgres', batches: 3, since: '2026-11-01T08:01:00.000Z', reason: 'SinkUnavailable: away' }],
        ],
      ]),
      schedules: {
        sources: new Map([
          [
            'press',
            {
              ...noSchedule,
              paused: { by: 'ann@desk', reason: 'look at it', until: '2026-11-02T09:00:00Z' },
            },
          ],
        ]),
        others: new Map([['gone', 'paused']]),
        rollover: null,
      },
      alerts: [alertOf('SourceRefused: 403')],
    });
    expect(page).toMatch(/3 for postgres, the oldest for <time[^>]*>60 min<\/time>\s*<small>SinkUnavailable: away/);
    expect(page).toMatch(/paused by ann@desk until <time[^>]*>2026-11-02 09:00:00 UTC<\/time>:\s+look at it/);
    expect(page).toMatch(/gone: its schedule still exists, paused/);
    expect(page).toMatch(/class="state open">run_failed<\/span>[^]*SourceRefused: 403/);
    expect(page).toContain('<title>(1) Daybook</title>');
  });

  test.each([
    ['2026-11-01T09:02:30.000Z', '90 s', 'in 90 s'],
    ['2026-11-01T09:00:58.000Z', 'a moment ago', 'now'],
    ['2026-11-01T08:56:00.000Z', 'long ago', 'was due 5 min ago'],
  ])('says of a run that is due at %s (%s): %s', (nextRunAt, _when, words) => {
    const schedule = { ...noSchedule, nextRunAt };
    const page = pageOf({
      schedules: { sources: new Map([['news', schedule]]), others: new Map(), rollover: null },
    });
    expect(page).toMatch(new RegExp(`data-label="Next run"[^>]*><time [^>]*>${words}</time>`));
  });

  test('shows for how long a run has been active, and that it is late, unless it has a receipt', () => {
    const workflowId = 'scrape-news-2026-11-01T09:00:10Z';
    const running = { workflowId, since: '2026-11-01T09:00:20.000Z' };
    const dueMs = Date.parse('2026-11-01T09:00:10.000Z');
    const recent = [{ workflowId, slotMs: dueMs, dueMs, begunMs: dueMs + 10_000 }];
    const ended = { workflowId: aReceipt({}).workflowId, since: running.since };
    const schedules = {
      sources: new Map([
        [
          'news',
          {
            ...noSchedule,
            running,
            recent,
          },
        ],
        [
          'press',
          {
            ...noSchedule,
            running: ended,
          },
        ],
      ]),
      others: new Map<string, never>(),
      rollover: null,
    };
    const page = pageOf({ schedules });
    expect(page.match(/–\s*<small>one active for <time[^>]*>40 s<\/time><\/small>/g)).toHaveLength(1);
    const config = configOf(folder.path, 'news');
    const known = knownSources(config.current().config, null);
    const often = { ...known, sources: known.sources.map((source) => ({ ...source, everyMs: 5_000 })) };
    const [news] = observedOf(config, { schedules, known: often }).status.sources;
    expect(news).toMatchObject({ health: 'late', since: '2026-11-01T09:00:10.000Z', running });
  });

  test('names a folder that cannot be written', () => {
    const page = pageOf({
      storage: [{ part: 'store', folder: '/data', error: 'ENOSPC: no space left on device', since: '', freeBytes: 0 }],
    });
    expect(page).toMatch(/the store<\/span> \/data cannot be written: ENOSPC: no space left on device/);
  });

  test('shows the last canary, and missing maintenance', () => {
    const at = '2026-11-01T09:00:00.000Z';
    const report = { at, ok: true, workflowId: 'canary-1', lagMs: 340, error: null, succeededAt: at };
    expect(pageOf({ canary: report })).toMatch(/Canary<\/dt>\s*<dd>passed <time[^>]*>60 s ago<\/time>, in 0\.34 s/);
    const error = { step: 'write to CSV', type: 'SinkUnavailable', message: 'no room' } as const;
    const page = pageOf({
      canary: { ...report, ok: false, lagMs: null, error },
      schedules: {
        sources: new Map(),
        others: new Map(),
        rollover: { schedule: 'partition-rollover', missing: true, paused: null, nextRunAt: null, waits: [] },
      },
    });
    expect(page).toMatch(
      /failed<\/span> <time[^>]*>60 s ago<\/time>[^]*write to CSV: no room; check that DAYBOOK_DATA/,
    );
    expect(page).toMatch(/the rollover<\/span> has no schedule/);
  });

  test('escapes all external text', () => {
    const page = pageOf({ alerts: [alertOf(`<script>alert("1")</script> & '`)] });
    expect(page).not.toContain('<script>');
    expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;');
  });

  test('holds no secret, also not one that looks different once it is escaped', () => {
    const secret = `a<b>&"c'`;
    const server = { address: 'x', reachable: false, error: `no way to ${secret}`, ui: null, searchAttribute: null };
    const page = pageOf({ alerts: [alertOf(`key ${secret} refused`)], server }, [secret]);
    expect(page.match(/\[redacted\]/g)).toHaveLength(2);
    expect(page).not.toContain('a&lt;b');
  });
});
