import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { CliSandbox } from '../support/cli-sandbox.ts';
import { startOrigin, type Origin } from '../support/servers/origin.ts';
import { TestWorker } from '../support/test-worker.ts';
import { until } from '../support/until.ts';

let testWorker: TestWorker;
let sandbox: CliSandbox;
let origin: Origin;
let client: Client;

const source = (name: string, schedule: string) =>
  `  - { name: ${name}, type: http_json, url: "${origin.url}/${name}", id: id, occurred_at: at, allow_private: true${schedule} }\n`;
const yaml = (...sources: string[]) => `version: 1\nsources:\n${sources.join('')}`;
const configure = (...sources: string[]) => testWorker.configure(yaml(...sources));
const pulse = () => source('pulse', ', schedule: { every: 1s }');
const hourly = () => source('new', ', schedule: { every: 1h }');
const asks = () => origin.requests.filter((path) => path === '/pulse').length;

interface SourceStatus {
  readonly name: string;
  readonly health: string;
  readonly paused: { by: string | null; reason: string | null; until: string | null } | null;
}

async function daybook(...args: string[]) {
  const result = await sandbox.run(args);
  expect(result.code, result.stderr).toBe(0);
  return result.stdout;
}

async function statusOf(name: string): Promise<SourceStatus | undefined> {
  const { sources } = JSON.parse(await daybook('status', '--json')) as { sources: SourceStatus[] };
  return sources.find((found) => found.name === name);
}

/** The server applies changes of schedules a moment later. */
const soon = <T>(check: () => Promise<T>) => vi.waitFor(check, { timeout: 15_000, interval: 1_000 });

beforeAll(async () => {
  let number = 0;
  origin = await startOrigin((url, response) => {
    if (url.pathname === '/refusing') response.statusCode = 403;
    response.end(JSON.stringify([{ id: ++number, at: '2026-11-01T00:00:00Z' }]));
  });
  testWorker = await TestWorker.createForCommands(
    yaml(pulse(), source('cronned', ', schedule: { cron: "0 5 * * *", timezone: Europe/Vienna }')),
  );
  sandbox = new CliSandbox(testWorker.folder, testWorker.commandVariables());
  ({ client } = testWorker);
  await daybook('schedules', 'apply');
});
afterAll(async () => {
  await testWorker?.close();
  await origin?.close();
});

describe('pause', () => {
  test('stops the polls of a source, and status says who, why and until when; resume continues them', async () => {
    await until('it polls', () => asks() > 0);
    await daybook('pause', 'pulse', '--reason', 'API maintenance: all day', '--until', '2099-01-01');
    await soon(async () =>
      expect(await statusOf('pulse')).toMatchObject({
        health: 'paused',
        paused: {
          by: expect.stringMatching(/.@./) as string,
          reason: 'API maintenance: all day',
          until: '2099-01-01T00:00:00.000Z',
        },
      }),
    );
    const before = asks();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(asks()).toBeLessThanOrEqual(before + 1);
    await daybook('resume', 'pulse');
    await until('it polls again', () => asks() > before + 1);
    await soon(async () => expect((await statusOf('pulse'))?.paused).toBeNull());
    await expect(client.workflow.getHandle('unpause-pulse').describe()).resolves.toMatchObject({
      status: { name: 'TERMINATED' },
    });
  });

  test('ends automatically at its time', async () => {
    await daybook('pause', 'pulse', '--reason', 'short', '--until', '3s');
    const before = asks();
    await until('it polls again', () => asks() > before + 1, 15_000);
    await soon(async () => expect((await statusOf('pulse'))?.paused).toBeNull());
  });

  test('that someone replaced by hand is left as it is', async () => {
    await daybook('pause', 'pulse', '--reason', 'short', '--until', '2s');
    const schedule = client.schedule.getHandle('scrape-pulse');
    await schedule.unpause();
    await schedule.pause('by hand');
    await until('unpause has ended', async () => {
      const { status } = await client.workflow.getHandle('unpause-pulse').describe();
      return status.name === 'COMPLETED';
    });
    await soon(async () =>
      expect(await statusOf('pulse')).toMatchObject({ health: 'paused', paused: { by: null, reason: 'by hand' } }),
    );
    await daybook('resume', 'pulse');
  });

  test('refuses invalid options, and says what it expects', async () => {
    for (const [args, message] of [
      [['pause', 'pulse'], /missing --reason/],
      [['pause', 'pulse', '--reason', 'x', '--until', '2020-01-01'], /is in the past, expected a future time/],
      [['pause', 'pulse', '--reason', 'x', '--until', 'soon'], /expected a day, a time or a duration/],
      [['pause', 'pulse', '--reason', 'x', '--until', '500000w'], /is after the year 9999/],
      [['pause', 'pulse', '--reason', 'x', '--until', '14286500w'], /is after the year 9999/],
      [['pause', 'puls', '--reason', 'x'], /did you mean "pulse"/],
    ] as const) {
      const { code, stderr } = await sandbox.run(args);
      expect(stderr).toMatch(message);
      expect(code).toBe(2);
    }
  });

  test('by a raw signal shows in status, too', async () => {
    const hold = await client.workflow.start('scrapeRun', {
      workflowId: 'my-own-run',
      taskQueue: 'daybook',
      args: [{ source: 'cronned' }],
    });
    await hold.signal('pause', { reason: 'raw' });
    // A run that ended before the signal came is started again, paused from the beginning.
    const held = await client.workflow.signalWithStart('scrapeRun', {
      workflowId: 'my-paused-run',
      taskQueue: 'daybook',
      args: [{ source: 'cronned' }],
      signal: 'pause',
      signalArgs: [
        {
          reason: 'raw',
          by: 'me',
        },
      ],
    });
    await until('it is paused', async () => (await statusOf('cronned'))?.paused?.reason === 'raw');
    await daybook('resume', 'cronned');
    expect(await held.result()).toMatchObject({ source: 'cronned' });
  });
});

describe('schedules', () => {
  test('diff shows nothing if everything is as configured, a cron line and a time zone too', async () => {
    expect(await daybook('schedules', 'diff')).toBe('2 schedules up to date\n');
  });

  test('diff shows every field that differs, and apply fixes them without touching a pause', async () => {
    await client.schedule.getHandle('scrape-cronned').pause('mine');
    configure(
      pulse().replace('1s', '2s'),
      source('cronned', ', schedule: { cron: "0 6 * * *", jitter: 90s, overlap: buffer_one, catchup_window: 1h }'),
      source('new', ', schedule: { every: 1h }'),
    );
    const diff = await daybook('schedules', 'diff');
    for (const line of [
      'every: 1s, expected 2s',
      'cron: 0 5 * * *, expected 0 6 * * *',
      'timezone: Europe/Vienna, expected not set',
      'jitter: not set, expected 1m30s',
      'overlap: skip, expected buffer_one',
      'catchup_window: 10m, expected 1h',
      'scrape-new  is missing',
    ]) {
      expect(diff).toContain(line);
    }
    await daybook('schedules', 'apply');
    await soon(async () => expect(await daybook('schedules', 'diff')).toBe('3 schedules up to date\n'));
    expect((await client.schedule.getHandle('scrape-cronned').describe()).state).toMatchObject({
      paused: true,
      note: 'mine',
    });
  });

  test('diff shows a cron line that was edited in Temporal, beside its memo, and apply puts it right', async () => {
    const same = '3 schedules up to date\n';
    for (const cron of ['@every 90m', 'CRON_TZ=Europe/Vienna 0 9 * * MON-FRI # work']) {
      configure(pulse().replace('1s', '2s'), source('cronned', `, schedule: { cron: "${cron}" }`), hourly());
      await daybook('schedules', 'apply');
      await soon(async () => expect(await daybook('schedules', 'diff')).toBe(same));
    }
    await client.schedule.getHandle('scrape-cronned').update((found) => ({
      ...found,
      spec: { cronExpressions: ['0 7 * * 1-5'], timezone: 'Europe/Vienna' },
    }));
    await soon(async () =>
      expect(await daybook('schedules', 'diff')).toContain(
        '  cron: 0 7 * * 1-5, expected CRON_TZ=Europe/Vienna 0 9 * * MON-FRI # work\n',
      ),
    );
    await daybook('schedules', 'apply');
    await soon(async () => expect(await daybook('schedules', 'diff')).toBe(same));
  });

  test('pauses the schedule of a removed source, and resumes it when the source is back; prune deletes it', async () => {
    configure(pulse());
    expect(await daybook('schedules', 'apply')).toMatch(/scrape-new {2}paused/);
    configure(pulse(), source('new', ', schedule: { every: 1h }'));
    expect(await daybook('schedules', 'apply')).toMatch(/scrape-new {2}updated; its source is back/);
    const isPaused = async () => (await client.schedule.getHandle('scrape-new').describe()).state.paused;
    await until('it resumes', async () => !(await isPaused()));
    configure(pulse());
    expect(await daybook('schedules', 'apply', '--prune')).toMatch(/scrape-new {2}deleted/);
    await soon(async () => expect(isPaused()).rejects.toThrow(/not found/i));
  });

  test('leaves one that was made by hand, until it is adopted', async () => {
    await client.schedule.create({
      scheduleId: 'scrape-mine',
      spec: { intervals: [{ every: '7m' }] },
      action: {
        type: 'startWorkflow',
        workflowType: 'scrapeRun',
        taskQueue: 'daybook',
        args: [{ source: 'mine' }],
      },
    });
    configure(pulse(), source('mine', ', schedule: { every: 1h }'));
    expect(await daybook('schedules', 'apply')).toMatch(/scrape-mine {2}was made by hand/);
    expect(await daybook('schedules', 'diff', '--adopt')).toMatch(/would be adopted\n {2}every: 7m, expected 1h/);
    await daybook('schedules', 'apply', '--adopt');
    await soon(async () => expect(await daybook('schedules', 'diff')).toContain('schedules up to date'));
    const { action, spec } = await client.schedule.getHandle('scrape-mine').describe();
    expect(action.workflowId).toBe('scrape-mine');
    expect(spec.intervals?.[0]?.every).toBe(3_600_000);
    await daybook('pause', 'mine', '--reason', 'mine');
    await until('the metrics show its pause', async () =>
      (await testWorker.worker?.metrics())?.includes('daybook_source_health{source="mine",health="paused"} 1'),
    );
    // Adopted ones are found when their sources are gone, although the list does not show whose they are.
    configure(pulse());
    expect(JSON.parse(await daybook('status', '--json'))).toMatchObject({
      unconfigured: expect.arrayContaining([
        { name: 'mine', schedule: 'paused', deferred: 0, waiting: [] },
      ]) as object[],
    });
    expect(await daybook('schedules', 'apply', '--prune')).toMatch(/scrape-mine {2}deleted/);
  });

  test('a zone within cron may also be in timezone', async () => {
    const cron = 'cron: "TZ=Europe/Vienna 0 9 * * *"';
    configure(pulse(), source('cronned', `, schedule: { ${cron}, timezone: Europe/Vienna }`));
    await daybook('schedules', 'apply');
    await soon(async () => expect(await daybook('schedules', 'diff')).toBe('2 schedules up to date\n'));
  });

  test('one that Temporal refuses is named, and does not prevent others from being applied', async () => {
    // What this machine takes for the name of a zone, a server may not know.
    configure(pulse(), source('zoned', ', schedule: { cron: "@daily", timezone: US/PACIFIC }'), hourly());
    const { code, stderr } = await sandbox.run(['schedules', 'apply']);
    expect(stderr).toBe(
      'daybook: schedules: Temporal refuses scrape-zoned (unknown time zone US/PACIFIC); change it in daybook.yaml; all others were applied\n',
    );
    expect(code).toBe(2);
    expect((await client.schedule.getHandle('scrape-new').describe()).state.paused).toBe(false);
  });
});

describe('backfill', () => {
  const incremental = ', incremental: { cursor: at, start_param: since, end_param: until }';
  const windowed = () => source('windowed', incremental);

  test('shows its plan, runs it, and remembers the outcome of each window', async () => {
    configure(pulse(), windowed());
    const range = ['--from', '2026-11-01', '--to', '2026-11-03'];
    const plan = async () => {
      const lines = (await daybook('backfill', 'windowed', ...range, '--dry-run', '--json')).trim().split('\n');
      return lines.map((line) => JSON.parse(line) as { from: string; state: string; rows: number });
    };
    expect(await plan()).toMatchObject([
      { from: '2026-11-01T00:00:00.000000Z', state: 'missing', rows: 0 },
      { state: 'missing', rows: 0 },
    ]);
    const tally = JSON.parse(await daybook('backfill', 'windowed', ...range, '--json')) as object;
    expect(tally).toMatchObject({ done: 2, written: 2, failed: [] });
    // The origin's records are all of the first of November.
    expect(await plan()).toMatchObject([
      { state: 'done', rows: 2 },
      { state: 'done', rows: 0 },
    ]);
    const { stderr } = await sandbox.run(['backfill', 'windowed', ...range, '--only', 'missing']);
    expect(stderr).toContain('no window of that range is missing');
  });

  test('says beforehand which days are retired', async () => {
    await daybook('sql', "update raw_event_floor set retired_before = '2026-10-02'");
    const plan = ['backfill', 'windowed', '--to', '2026-10-03', '--dry-run', '--from'];
    const reported = 'days before 2026-10-02 are retired: their records are stored in CSV only';
    expect((await sandbox.run([...plan, '2026-10-01'])).stderr).toContain(reported);
    expect((await sandbox.run([...plan, '2026-10-02'])).stderr).not.toContain('retired');
  });

  test('that fails prints JSON alone with --json', async () => {
    configure(pulse(), windowed(), source('refusing', incremental));
    const range = ['--from', '2026-11-01', '--to', '2026-11-02'];
    const failed = await sandbox.run(['backfill', 'refusing', ...range, '--json']);
    expect([failed.code, JSON.parse(failed.stdout)]).toMatchObject([
      1,
      { done: 0, failedCount: 1, error: expect.stringMatching(/^1 of 1 windows of refusing failed: /) as string },
    ]);
    const detached = await daybook('backfill', 'windowed', ...range, '--detach', '--json');
    expect(JSON.parse(detached)).toEqual({ source: 'windowed', workflowId: 'backfill-windowed' });
  });

  test.each([
    [['pulse', '--from', '2026-11-01', '--to', '2026-11-02'], /add incremental with cursor, start_param and end_param/],
    [['windowed', '--from', '2026-11-01'], /missing --from and --to/],
    [['windowed', '--from', '2026-11-02', '--to', '2026-11-01'], /is not after/],
    [['windowed', '--from', '1990-01-01', '--to', '2026-01-01', '--step', '1m'], /at most 10000 are allowed/],
    [['windowed', '--from', '2026-11-01', '--to', '2026-11-02', '--step', 'day'], /expected e\.g\. 6h or 1d/],
  ])('refuses %j, and says why', async (args, message) => {
    const { code, stderr } = await sandbox.run(['backfill', ...args]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

describe('partitions maintain', () => {
  test('shows what it would do, and does it; the rollover has its own schedule', async () => {
    const rollover = await client.schedule.getHandle('partition-rollover').describe();
    expect(rollover.policies.catchupWindow).toBe(7 * 86_400_000);
    expect(rollover.info.nextActionTimes[0]?.toISOString()).toMatch(/T00:05:00/);
    await daybook('sql', "insert into raw_event_keys values ('x', 'y', '2026-11-01'), ('x', 'z', '2026-11-01')");
    await daybook('sql', "select ensure_partition('2026-11-01')");
    await daybook(
      'sql',
      "insert into raw_events (source, source_id, occurred_at, payload) values ('x', 'y', '2026-11-01', '{}')",
    );
    const plan = JSON.parse(await daybook('partitions', 'maintain', '--dry-run', '--json')) as { vacuumed: string[] };
    const result = JSON.parse(await daybook('partitions', 'maintain', '--json')) as { vacuumed: string[] };
    expect([plan, result]).toMatchObject([{ dryRun: true }, { dryRun: false, made: [] }]);
    const vacuumed = await daybook(
      'sql',
      '--json',
      "select last_vacuum is not null as done from pg_stat_all_tables where relname = 'raw_events_2026_11_01'",
    );
    expect(JSON.parse(vacuumed)).toEqual({ done: true });
  });
});
