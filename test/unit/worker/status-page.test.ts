import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../../src/domain/redact.ts';
import { statusPage } from '../../../src/worker/page/status-page.ts';
import type { StatusFacts } from '../../../src/worker/status/status.ts';
import { useTemporaryFolder } from '../store/temporary-folder.ts';
import { configOf, now, observedOf } from './observed.ts';

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
    expect(page).toContain('3 fetched, 1 unchanged, csv 0, postgres 0');
    expect(page).toContain('7 days ahead, oldest 2026-11-01');
    expect(page).toContain('2 sources: 2 ok; 0 alerts are open');
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
              paused: { by: 'ann@desk', reason: 'look at it', until: '2026-11-02T09:00:00Z' },
              nextRunAt: null,
              missed: null,
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
    expect(page).toMatch(/gone: its schedule is still there, paused/);
    expect(page).toMatch(/class="state open">run_failed<\/span>[^]*SourceRefused: 403/);
    expect(page).toContain('<title>(1) Daybook</title>');
  });

  test.each([
    ['2026-11-01T09:02:30.000Z', '90 s', 'in 90 s'],
    ['2026-11-01T09:00:58.000Z', 'a moment ago', 'now'],
    ['2026-11-01T08:56:00.000Z', 'long ago', 'was due 5 min ago'],
  ])('says of a run that is due at %s (%s): %s', (nextRunAt, _when, words) => {
    const schedule = { paused: null, nextRunAt, missed: null };
    const page = pageOf({
      schedules: { sources: new Map([['news', schedule]]), others: new Map(), rollover: null },
    });
    expect(page).toMatch(new RegExp(`data-label="Next run"[^>]*><time [^>]*>${words}</time>`));
  });

  test('says how the last canary went, and that nothing is maintained', () => {
    const at = '2026-11-01T09:00:00.000Z';
    const report = { at, ok: true, workflowId: 'canary-1', lagMs: 340, error: null, succeededAt: at };
    expect(pageOf({ canary: report })).toMatch(
      /Canary<\/dt>\s*<dd>came through <time[^>]*>60 s ago<\/time>, in 0\.34 s/,
    );
    const error = { step: 'write to CSV', type: 'SinkUnavailable', message: 'no room' } as const;
    const page = pageOf({
      canary: { ...report, ok: false, lagMs: null, error },
      schedules: { sources: new Map(), others: new Map(), rollover: { missing: true, paused: null, nextRunAt: null } },
    });
    expect(page).toMatch(
      /failed<\/span> <time[^>]*>60 s ago<\/time>[^]*write to CSV: no room; check that DAYBOOK_DATA/,
    );
    expect(page).toMatch(/the rollover<\/span> has no schedule/);
  });

  test('escapes whatever comes from elsewhere', () => {
    const page = pageOf({ alerts: [alertOf(`<script>alert("1")</script> & '`)] });
    expect(page).not.toContain('<script>');
    expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;');
  });

  test('holds no secret, also not one that looks different once it is escaped', () => {
    const secret = `a<b>&"c'`;
    const server = { address: 'x', reachable: false, error: `no way to ${secret}`, ui: null };
    const page = pageOf({ alerts: [alertOf(`key ${secret} refused`)], server }, [secret]);
    expect(page.match(/\[redacted\]/g)).toHaveLength(2);
    expect(page).not.toContain('a&lt;b');
  });
});
