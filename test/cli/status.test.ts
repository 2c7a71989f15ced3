import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { markDeferred } from '../../src/store/delivery/deferred.ts';
import { createDirectoryStore } from '../../src/store/blobs/directory-store.ts';
import type { Status } from '../../src/status/status.ts';
import { CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { startOrigin, type Origin } from '../support/servers/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

let folder: string;
let sandbox: CliSandbox;
let running: RunningDaybook;
let origin: Origin;

const source = (name: string, more: string) =>
  `  - { name: ${name}, type: http_json, url: "${origin.url}/${name}", id: id, occurred_at: at, allow_private: true, max_reject_ratio: 1${more} }\n`;
const configure = (...sources: string[]) =>
  writeFileSync(join(folder, 'daybook.yaml'), `version: 1\nsources:\n${sources.join('')}`);
const hourly = ', schedule: { every: 1h }';
const now = new Date().toISOString();

async function daybook(...args: string[]) {
  const { code, stdout, stderr } = await sandbox.run(args);
  expect(code, stderr).toBe(0);
  return { stdout, stderr };
}
async function temporal(act: (client: Client) => Promise<unknown>): Promise<void> {
  const connection = await Connection.connect({ address: (await status()).temporal.address ?? '' });
  try {
    await act(new Client({ connection }));
  } finally {
    await connection.close();
  }
}
const status = async () => JSON.parse((await daybook('status', '--json')).stdout) as Status;
const find = async (name: string) => (await status()).sources.find((found) => found.name === name);

beforeAll(async () => {
  origin = await startOrigin((url, response) => {
    response.statusCode = url.pathname === '/broken' ? 403 : 200;
    const letters = [{ key: 7, at: now }, 'no object'];
    response.end(JSON.stringify(url.pathname === '/odd' ? letters : [{ id: 1, at: now }]));
  });
  folder = temporaryFolder();
  sandbox = new CliSandbox(folder);
  configure(source('good', hourly), source('broken', hourly), source('odd', hourly), source('idle', ''));
  running = sandbox.start(['up']);
  await running.shows('Ctrl-C stops everything');
  await until('all have run', async () => (await status()).sources.filter((found) => found.lastReceipt).length === 3);
});
afterAll(async () => {
  await running?.killAll();
  await origin.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('status', () => {
  test('shows everything', async () => {
    const found = await status();
    expect(found).toMatchObject({
      unconfigured: [],
      config: null,
      postgres: {
        reachable: true,
        error: null,
        version: expect.any(String) as string,
      },
      partitions: {
        ahead: 7,
        oldest: now.slice(0, 10),
        rollover: {
          missing: false,
          paused: null,
          late: false,
        },
      },
      stack: {
        pid: running.pid,
        missing: [],
      },
      temporal: {
        reachable: true,
        address: expect.stringContaining(':') as string,
        ui: expect.stringMatching(/^http/) as string,
      },
    });
    const [good, broken, odd, idle] = found.sources;
    expect(good).toMatchObject({
      name: 'good',
      health: 'ok',
      reason: null,
      paused: null,
      deferred: 0,
      waiting: [],
      recordsToday: 1,
      lastReceipt: { outcome: 'ok' },
      watermark: expect.stringMatching(/Z$/) as string,
    });
    expect(Date.parse(good?.nextRunAt ?? '')).toBeGreaterThan(Date.now());
    expect(good?.since).toEqual(good?.lastReceipt?.finishedAt);
    expect(odd?.health).toBe('failing');
    const alert = found.alerts.find(({ source: name }) => name === 'broken');
    expect(broken).toMatchObject({
      health: 'failing',
      since: alert?.since,
      reason: expect.stringMatching(/403/) as string,
    });
    expect(idle).toMatchObject({
      health: 'never_ran',
      since: null,
      lastReceipt: null,
      nextRunAt: null,
      watermark: null,
    });
    expect((await sandbox.run(['status', '--check'])).code).toBe(1);
  });

  test('fits a terminal, and shows problems below', async () => {
    await daybook('pause', 'odd', '--reason', 'look at it');
    await until('it is paused', async () => (await find('odd'))?.paused);
    const { stdout } = await daybook('status');
    const [summary = '', notes = '', table = ''] = stdout.split('\n\n');
    expect(summary).toMatch(/^4 sources: 1 failing, 1 never ran, 1 paused, 1 ok; .*; 2 alerts; 2 dead letters$/);
    expect(Math.max(...table.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(table).toMatch(/^source .*\n-.*\nbroken +failing /);
    expect(notes).toMatch(/^broken: failing since \S+Z \(alert run_failed\): SourceRefused: .*403/m);
    expect(notes).toMatch(/^odd: is paused by \S+@\S+: look at it$/m);
    const narrow = await sandbox.run(['status'], { variables: { COLUMNS: '40' } });
    expect(narrow.stdout.split('\n').filter((line) => line.length > 40)).toEqual([]);
    const problems = await daybook('status', '--problems');
    expect(problems.stdout).toBe(`${summary}\n\n${notes}\n`);
    const one = (await daybook('status', 'broken')).stdout;
    expect(one).toMatch(/^broken {2}failing since \S+Z, for .*\n {2}reason {8}SourceRefused: .*403/);
    expect(JSON.parse((await daybook('status', 'odd', '--json')).stdout)).toMatchObject({
      alerts: [{ name: 'all_rejected' }],
      sources: [
        {
          name: 'odd',
          deadLetters: 2,
        },
      ],
      deadLetters: 2,
    });
    expect((await sandbox.run(['status', 'good', '--check'])).code).toBe(0);
    expect((await sandbox.run(['status', 'brokn'])).code).toBe(2);
    await daybook('resume', 'odd');
  });

  test('refreshes with --watch, until Ctrl-C', async () => {
    const watching = sandbox.start(['status', '--watch', '--json']);
    await until('it has looked twice', () => watching.output.split('"sources"').length > 2);
    expect(await watching.stop()).toBe(0);
  });

  test('says of batches how many wait for what, since when and why, also of a source that is gone', async () => {
    const marker = { reason: 'SinkUnavailable: away', since: '2026-11-01T00:00:00.000Z' };
    const batch = { workflowId: 'w', firstRunId: 'run', number: 0, hash: 'ab'.repeat(32), records: 1, bytes: 1 };
    for (const name of ['idle', 'gone']) {
      const deferred = { batch: { source: name, ...batch, ingestedAt: marker.since }, ...marker };
      await markDeferred(createDirectoryStore(join(folder, 'data')), 'postgres', deferred);
    }
    const waits = { sink: 'postgres', batches: 1, since: marker.since, reason: marker.reason };
    const found = await status();
    expect(found.sources.find(({ name }) => name === 'idle')).toMatchObject({
      health: 'deferred',
      since: marker.since,
      deferred: 1,
      waiting: [waits],
    });
    expect(found.unconfigured).toEqual([{ name: 'gone', schedule: null, deferred: 1, waiting: [waits] }]);
    expect((await daybook('status')).stdout).toContain(
      'idle: 1 deferred batch for postgres since 2026-11-01T00:00:00.000Z: SinkUnavailable: away\n',
    );
    rmSync(join(folder, 'data', 'deferred'), { recursive: true });
  });

  test('names the schedule of a source that was renamed', async () => {
    configure(source('better', hourly), source('odd', hourly), source('broken', hourly));
    expect((await status()).unconfigured).toEqual([{ name: 'good', schedule: 'running', deferred: 0, waiting: [] }]);
    await daybook('schedules', 'apply');
    await until('it is paused', async () => (await status()).unconfigured[0]?.schedule === 'paused');
    expect((await daybook('status')).stdout).toMatch(/good is no longer configured: its schedule still exists, paused/);
  });

  test('still works with a broken configuration', async () => {
    const good = readFileSync(join(folder, 'daybook.yaml'), 'utf8');
    writeFileSync(join(folder, 'daybook.yaml'), `${good}nonsense: 1\n`);
    const found = await status();
    expect(found.config?.broken).toMatch(/nonsense/);
    expect(found.sources.map(({ name }) => name)).toEqual(expect.arrayContaining(['good', 'odd']));
    expect((await daybook('status')).stdout).toMatch(/^config {6}is broken; runs continue with the last good one/m);
    writeFileSync(join(folder, 'daybook.yaml'), good);
  });
});

describe('dead-letters replay', () => {
  test('refuses an unknown id, and finds nothing in a source without any', async () => {
    const unknown = await sandbox.run(['dead-letters', 'replay', 'abcdef0123']);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('no dead letter has the id abcdef0123') });
    const nothing = await sandbox.run(['dead-letters', 'replay', '--source', 'broken']);
    expect(nothing).toMatchObject({ code: 0, stderr: 'no dead letters to replay\n' });
    expect((await sandbox.run(['dead-letters', 'replay', '--source', 'brokn'])).code).toBe(2);
  });

  test('shows what would happen to dead letters, then does it', async () => {
    const first = (await daybook('dead-letters', 'replay', '--dry-run')).stdout;
    expect(first).toMatch(/odd .*missing_id +refused: missing_id/);
    expect(first).toMatch(/odd .*wrong_shape +cannot be replayed/);
    configure(source('odd', hourly).replace('id: id', 'id: key'));
    expect((await daybook('dead-letters', 'replay', '--dry-run')).stdout).toMatch(/odd .*missing_id +stored/);
    const { stdout, stderr } = await daybook('dead-letters', 'replay', '--source', 'odd');
    expect(stderr).toMatch(/odd: replayed in workflow replay-dead-letters-odd-20/);
    expect(stdout).toMatch(
      /^odd: 1 of 2 dead letters stored: 1 new, 0 already stored, 0 for retired days\n {2}1 cannot be replayed/,
    );
    expect((await daybook('sql', '--json', `select source_id from raw_events where source = 'odd'`)).stdout).toBe(
      '{"source_id":"7"}\n',
    );
    expect((await daybook('dead-letters', 'list', '--json')).stdout.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse((await daybook('dead-letters', 'replay', '--json')).stdout)).toMatchObject({
      source: 'odd',
      letters: 1,
      replayed: 0,
      unreplayable: 1,
      reasons: {},
    });
  });
});

describe('status without a running rollover', () => {
  const lines = async () => (await daybook('status')).stdout;
  const check = async () => (await sandbox.run(['status', '--check'])).code;

  test('warns of one that is paused; --check fails once days are missing', async () => {
    await until('alerts are gone', async () => {
      rmSync(join(folder, 'data', 'alerts'), { recursive: true, force: true });
      return (await check()) === 0;
    });
    await temporal((client) => client.schedule.getHandle('partition-rollover').pause('look'));
    await until('it is paused', async () => (await status()).partitions.rollover?.paused?.reason === 'look');
    expect(await lines()).toMatch(
      /^rollover {4}is paused \(look\), so no maintenance runs; resume it with temporal schedule toggle/m,
    );
    expect(await check()).toBe(0);
    const last = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '_');
    await daybook('sql', `drop table raw_events_${last}`);
    expect((await status()).partitions.rollover?.late).toBe(true);
    expect(await check()).toBe(1);
  });

  test('warns of one that is missing, and schedules apply makes it', async () => {
    await temporal((client) => client.schedule.getHandle('partition-rollover').delete());
    await until('it is gone', async () => (await status()).partitions.rollover?.missing);
    expect(await lines()).toMatch(/^rollover {4}has no schedule, .* with \.\/daybook schedules apply$/m);
    const json = async (command: string) => {
      const { stdout } = await daybook('schedules', command, '--json');
      return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object);
    };
    const missing = { schedule: 'partition-rollover', source: null, action: 'create' };
    expect((await json('diff'))[0]).toMatchObject(missing);
    expect((await json('apply'))[0]).toMatchObject(missing);
    await until('it is there', async () => (await status()).partitions.rollover?.missing === false);
  });
});

describe('status without a server', () => {
  test('says that up is starting PostgreSQL again', async () => {
    // `up` is held, or it would have started PostgreSQL again before status looks.
    process.kill(running.pid, 'SIGSTOP');
    process.kill(running.parts()['postgres'] ?? 0, 'SIGKILL');
    const { stdout, code } = await sandbox.run(['status']);
    process.kill(running.pid, 'SIGCONT');
    expect(stdout).toMatch(/^stack .*restarting: postgres$/m);
    expect(code).toBe(0);
    await until('it is back', async () => (await status()).postgres.reachable);
  });

  test('names Temporal, and shows the rest', async () => {
    process.kill(running.parts()['temporal'] ?? 0, 'SIGSTOP');
    const { stdout, code } = await sandbox.run(['status', '--json']);
    process.kill(running.parts()['temporal'] ?? 0, 'SIGCONT');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      temporal: {
        reachable: false,
        error: expect.any(String) as string,
      },
      postgres: { reachable: true },
      sources: [
        {
          name: 'odd',
          recordsToday: 1,
          lastReceipt: { source: 'odd' },
        },
      ],
    });
  });

  test('names PostgreSQL, and shows the rest', async () => {
    process.kill(running.parts()['postgres'] ?? 0, 'SIGSTOP');
    const { stdout, code } = await sandbox.run(['status', '--json']);
    process.kill(running.parts()['postgres'] ?? 0, 'SIGCONT');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      postgres: {
        reachable: false,
        error: expect.any(String) as string,
      },
      partitions: {
        ahead: null,
        rollover: { missing: false },
      },
      temporal: { reachable: true },
      sources: [
        {
          name: 'odd',
          health: 'failing',
          recordsToday: null,
        },
      ],
    });
  });
});

describe('up with a store that its database does not belong to', () => {
  test('refuses to start, and names both', async () => {
    await running.stop();
    rmSync(join(folder, 'data'), { recursive: true });
    const { code, stderr } = await sandbox.refused(['up']);
    expect(stderr).toMatch(/found the store .*\/data \(it is new/);
    expect(code).toBe(2);
    expect(stderr).toMatch(/database 127\.0\.0\.1:\d+\/daybook, schema public.*--accept-new-store/);
  });
});
