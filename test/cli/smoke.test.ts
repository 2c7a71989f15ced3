import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CanaryReport } from '../../src/domain/monitoring/canary.ts';
import { CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { freePort } from '../support/servers/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { TestNamespace } from '../support/servers/namespace.ts';
import { createTenant, type Tenant } from '../support/servers/tenant.ts';
import { until } from '../support/until.ts';

/** An empty folder, but for a configuration. */
function beginIn(variables: Readonly<Record<string, string>> = {}): CliSandbox {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, 'daybook.yaml'),
    'version: 1\nsources: [{ name: lines, type: file, path: lines.ndjson, id: id, occurred_at: at }]\n',
  );
  return new CliSandbox(folder, variables);
}
const remove = (place: CliSandbox | undefined) => {
  if (place) rmSync(place.folder, { recursive: true, force: true });
};

const smokeOk =
  /^smoke ok: scraped, inserted, confirmed in PostgreSQL by key and in CSV in \d+\.\d\d s \(canary-\d{4}-\S+Z\)\n$/;
const rows = `select (select count(*) from raw_events) + (select count(*) from raw_event_keys) + (select count(*) from raw_event_batches) as left`;

/** Files of the data folder, but for the report, and what a worker keeps there. */
function files({ folder }: CliSandbox): string[] {
  const entries = readdirSync(join(folder, 'data'), { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const kept = [join('canary', 'latest.json'), 'store.json', join('config', 'daybook.json')];
  return names.filter((name) => !kept.some((path) => name.endsWith(path)));
}

describe('smoke without a running stack', () => {
  let sandbox: CliSandbox;
  /** With servers that the environment names, but no worker. */
  let served: CliSandbox;
  let without: CliSandbox;
  let tenant: Tenant;
  beforeAll(async () => {
    [sandbox, without] = [beginIn(), beginIn()];
    tenant = await createTenant();
    served = beginIn(tenant.variables);
  });
  afterAll(async () => {
    await tenant?.close();
    for (const place of [sandbox, served, without]) remove(place);
  });

  test.concurrent('starts what it needs, says one line on stdout, and stops it', async () => {
    const { code, stdout } = await sandbox.run(['smoke']);
    expect(stdout).toMatch(smokeOk);
    expect(code).toBe(0);
    expect(files(sandbox)).toEqual([]);
    expect((await sandbox.run(['status'])).code).toBe(2);
  });

  test.concurrent('starts no worker where the environment names servers, and fails after 15 s', async () => {
    const startedAt = Date.now();
    const { code, stdout } = await served.run(['smoke', '--json']);
    expect(Date.now() - startedAt).toBeGreaterThan(15_000);
    expect(JSON.parse(stdout)).toEqual({
      ok: false,
      step: 'start',
      error: { type: 'CannotStart', message: expect.stringMatching(/no worker has polled/) },
    });
    expect(code).toBe(1);
  });

  test.concurrent('without PostgreSQL says so in one line', async () => {
    const variables = { PG_HOST: '127.0.0.1', PG_PORT: String(await freePort()) };
    const { code, stdout } = await without.refused(['smoke'], variables);
    expect(stdout).toMatch(/^smoke failed: start: .*ECONNREFUSED.*PG_HOST.*\n$/);
    expect(code).toBe(1);
  });
});

describe('the canary of a running stack', () => {
  let sandbox: CliSandbox;
  let running: RunningDaybook;
  let second: RunningDaybook;
  let tenant: Tenant;
  let client: TestNamespace['client'];
  let database: Client;
  const smoke = (...args: string[]) => sandbox.run(['smoke', ...args]);
  const report = async () => {
    const { stdout } = await sandbox.run(['status', '--json']);
    return (JSON.parse(stdout) as { canary: CanaryReport | null }).canary;
  };
  const left = async () => {
    const { rows: found } = await database.query<{ left: string }>(rows);
    return [Number(found[0]?.left), files(sandbox)];
  };
  /** At every fifth minute the schedule starts another canary, which has files until it ends. */
  const nothingIsLeft = () =>
    vi.waitFor(async () => expect(await left()).toEqual([0, []]), { timeout: 30_000, interval: 500 });
  const csv = () => files(sandbox).filter((path) => path.includes(join('csv', 'daybook-canary')));

  beforeAll(async () => {
    tenant = await createTenant();
    ({ client } = tenant.namespace);
    sandbox = beginIn(tenant.variables);
    running = sandbox.start(['up']);
    await running.shows('Ctrl-C stops everything');
    second = new CliSandbox(sandbox.folder, { ...tenant.variables, DAYBOOK_HTTP: 'off' }).start(
      ['worker'],
      'of-no-store',
    );
    await second.shows('Worker started');
    database = new Client(tenant.database.settings);
    // The test kills it.
    database.on('error', () => {});
    await database.connect();
  });
  afterAll(async () => {
    await database?.end();
    await second?.stop();
    await running?.killAll();
    await tenant?.close();
    remove(sandbox);
  });

  test('runs by its schedule, every five minutes and once at the beginning', async () => {
    await until('one has ended', async () => (await report())?.ok);
    const { spec, policies, action } = await client.schedule.getHandle('canary').describe();
    expect(spec.intervals).toMatchObject([{ every: 300_000 }]);
    expect(policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 60_000 });
    expect(action).toMatchObject({ workflowType: 'canary', workflowId: 'canary', taskQueue: 'daybook' });
    await nothingIsLeft();
    const lines = async (...args: string[]) => {
      const { stdout } = await sandbox.run(['schedules', ...args, '--json']);
      return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { schedule: string; action: string });
    };
    const own = [
      { schedule: 'partition-rollover', source: null, action: 'none', differences: [], returns: false },
      { schedule: 'canary', source: null, action: 'none', differences: [], returns: false },
    ];
    expect(await lines('diff')).toEqual(own);
    await client.schedule.getHandle('canary').delete();
    expect((await sandbox.run(['schedules', 'diff'])).stdout).toMatch(/^canary {2}is missing\n/);
    expect((await sandbox.run(['schedules', 'apply'])).stdout).toMatch(/^canary {2}created\n/);
    expect(await lines('apply')).toEqual(own);
  });

  test('two workers that share the data folder serve it alike', async () => {
    // The time of each is in its id, to the millisecond.
    const started = [0, 300, 600].map(async (ms) => {
      await sleep(ms);
      return smoke();
    });
    for (const { code, stdout } of await Promise.all(started)) {
      expect(stdout).toMatch(smokeOk);
      expect(code).toBe(0);
    }
    await nothingIsLeft();
    const { stdout } = await sandbox.run(['status']);
    expect(stdout).toMatch(/^canary {6}passed \d+[sm] ago, in \d+\.\d\d s$/m);
  }, 180_000);

  test('says one JSON value with --json', async () => {
    const { code, stdout } = await smoke('--json');
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, lagMs: expect.any(Number) as number, durationsMs: {} });
  });

  test('is not seen by verify, export and replay-csv', async () => {
    await database.query('begin; lock table raw_event_keys in share row exclusive mode');
    const canary = smoke();
    await until('its part is written', () => csv().length > 0);
    const day = new Date().toISOString().slice(0, 10);
    const header = 'source,source_id,occurred_at,payload\n';
    expect(await sandbox.run(['export', '--day', day])).toMatchObject({ code: 0, stdout: header });
    const verified = await sandbox.run(['verify', '--day', day, '--json']);
    expect(JSON.parse(verified.stdout)).toMatchObject({ consistent: true, csv: { lines: 0 }, postgres: { rows: 0 } });
    const replay = await sandbox.run(['replay-csv', '--source', 'daybook-canary', '--dry-run']);
    expect(replay.code).toBe(2);
    await database.query('rollback');
    expect((await canary).code).toBe(0);
  }, 180_000);

  test('leaves nothing behind where both workers are killed in the middle of it', async () => {
    await database.query('begin; lock table raw_event_keys in share row exclusive mode');
    const canary = smoke();
    await until('its part is written', () => csv().length > 0);
    await second.killAll();
    process.kill(running.parts()['worker'] ?? 0, 'SIGKILL');
    await database.query('rollback');
    expect(await canary).toMatchObject({ code: 0, stdout: expect.stringMatching(smokeOk) });
    await nothingIsLeft();
  }, 180_000);

  test('fails where PostgreSQL lacks a table, with one line and an alert; the next one resolves it', async () => {
    await database.query('alter table raw_event_keys rename to keys_away');
    const { code, stdout } = await smoke();
    expect(stdout).toMatch(
      /^smoke failed: write to PostgreSQL: postgres: .*raw_event_keys.*\(42P01\); run \.\/daybook migrate \(canary-\S+\)\n$/,
    );
    expect(code).toBe(1);
    const failed = await smoke('--json');
    expect([failed.code, JSON.parse(failed.stdout)]).toMatchObject([
      1,
      { ok: false, step: 'write to PostgreSQL', error: { type: 'SinkMisconfigured' } },
    ]);
    const checked = await sandbox.run(['status', '--check']);
    expect(checked).toMatchObject({ code: 1, stdout: expect.stringMatching(/^alert {7}canary daybook-canary since/m) });
    expect(checked.stdout).toMatch(/^canary {6}failed \d+[sm] ago \(it last passed \d+[sm] ago\): write to Post/m);
    await database.query('alter table keys_away rename to raw_event_keys');
    expect((await smoke()).code).toBe(0);
    expect((await sandbox.run(['status', '--check'])).code).toBe(0);
    const { rows: found } = await database.query<{ left: string }>(rows);
    expect(Number(found[0]?.left)).toBe(0);
  }, 180_000);
});
