import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CliSandbox, type CommandResult, type RunningDaybook } from '../support/cli-sandbox.ts';
import { freePort } from '../support/servers/free-port.ts';
import { json, startOrigin, type Origin } from '../support/servers/origin.ts';
import { createTenant, type Tenant } from '../support/servers/tenant.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { Progress } from '../../src/workflows/messages.ts';
import { until } from '../support/until.ts';

const folder = temporaryFolder();
const deployment = { DAYBOOK_DEPLOYMENT: 'news' };

let tenant: Tenant;
let origin: Origin;
let sandbox: CliSandbox;
let http: string;
const workers: RunningDaybook[] = [];

beforeAll(async () => {
  tenant = await createTenant();
  origin = await startOrigin(json([{ id: 1, at: '2026-11-01T00:00:00Z' }]));
  writeFileSync(
    join(folder, 'daybook.yaml'),
    `version: 1\nsources: [{ name: quakes, type: http_json, url: "${origin.url}/", id: id, occurred_at: at, allow_private: true }]\n`,
  );
  sandbox = new CliSandbox(folder, { ...tenant.variables, ...deployment, DAYBOOK_BUILD: 'b1' });
  await sandbox.run(['migrate']);
  http = `127.0.0.1:${await freePort()}`;
});
afterAll(async () => {
  for (const worker of workers) await worker.stop();
  await origin?.close();
  await tenant?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function startWorker(build: string, address = 'off'): Promise<RunningDaybook> {
  const variables = { ...tenant.variables, ...deployment, DAYBOOK_BUILD: build, DAYBOOK_HTTP: address };
  const worker = new CliSandbox(folder, variables).start(['worker']);
  workers.push(worker);
  await worker.shows('Worker started');
  return worker;
}

const missing = async () =>
  ((await (await fetch(`http://${http}/readyz`)).json()) as { missing?: readonly string[] }).missing ?? [];

/** Which build executed the last step of a workflow, and how the server routes it. */
async function versioningOf(workflowId: string) {
  const { raw } = await tenant.namespace.client.workflow.getHandle(workflowId).describe();
  const { behavior, deploymentVersion } = raw.workflowExecutionInfo?.versioningInfo ?? {};
  return { build: deploymentVersion?.buildId, isAutoUpgrade: Number(behavior) === autoUpgrade };
}
const autoUpgrade = 2;

async function runOnce(): Promise<string> {
  const { code, stdout, stderr } = await sandbox.run(['run', 'quakes', '--json']);
  expect(`${code} ${stderr}`).toBe('0 ');
  return (JSON.parse(stdout) as { workflowId: string }).workflowId;
}

let unknown: Promise<CommandResult> | null = null;
/** Waits for a worker of that build for a while: begun once, beside what others do. */
const routedToUnknown = () => (unknown ??= sandbox.run(['deployment', 'current', 'b9']));

describe('a worker with DAYBOOK_DEPLOYMENT', () => {
  test('is not ready, and says why, until a build is current', async () => {
    expect(await sandbox.run(['deployment', 'status'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('deployment news: not known to the server') as string,
    });
    const worker = await startWorker('b1', http);
    // It waits for a current build for a while.
    const waiting = sandbox.run(['run', 'quakes']);
    await worker.shows('no build of the deployment');
    const problem = 'no build of the deployment "news" is current: run ./daybook deployment current b1';
    expect(await missing()).toEqual([problem]);
    const status = await sandbox.run(['deployment', 'status']);
    expect(status.stdout).toMatch(/^b1 +inactive +yes +this installation$/m);
    expect(status.stdout).toContain('no build is current');
    const run = await waiting;
    expect(run.stderr).toContain('no build of the deployment "news" is current, so its workers get no work');
    expect(run.stderr).toContain('run ./daybook deployment current b1');
    expect(run.code).toBe(1);
    expect(await sandbox.run(['deployment', 'current'])).toMatchObject({
      code: 0,
      stdout: 'deployment news: b1 is current\n',
    });
    await worker.shows('Deployment has a current build');
    expect(await missing()).toEqual([]);
    expect(await versioningOf(await runOnce())).toEqual({ build: 'b1', isAutoUpgrade: true });
  });

  test('gets work of its build only once it ramps or is current, and open workflows move with it', async () => {
    const { client } = tenant.namespace;
    const paused = await client.workflow.signalWithStart('scrapeRun', {
      workflowId: 'scrape-quakes-paused',
      taskQueue: 'daybook',
      args: [{ source: 'quakes' }],
      signal: 'pause',
      signalArgs: [{ reason: 'test' }],
    });
    await until('it is paused', async () => (await paused.query<Progress>('progress')).phase === 'paused');
    await startWorker('b2');
    void routedToUnknown();
    expect((await versioningOf(await runOnce())).build).toBe('b1');
    expect(await sandbox.run(['deployment', 'ramp', '100', 'b2'])).toMatchObject({
      code: 0,
      stdout: 'deployment news: b2 gets 100 % of the work\n',
    });
    const { stdout } = await sandbox.run(['deployment', 'status', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      deployment: 'news',
      here: 'b1',
      current: 'b1',
      ramping: { build: 'b2', percent: 100 },
      builds: expect.arrayContaining([
        { name: 'b1', status: 'current', hasWorker: true },
        { name: 'b2', status: 'ramping', hasWorker: true },
      ]) as object[],
    });
    await until('a run is b2’s', async () => (await versioningOf(await runOnce())).build === 'b2');
    expect(await sandbox.run(['deployment', 'ramp', '0', 'b2'])).toMatchObject({ code: 0 });
    await until('a run is b1’s', async () => (await versioningOf(await runOnce())).build === 'b1');
    expect(await sandbox.run(['deployment', 'current', 'b2'])).toMatchObject({ code: 0 });
    const ramp = await sandbox.run(['deployment', 'ramp', '10', 'b2']);
    expect(ramp.stderr).toContain('deployment: b2 is the current build of news and gets all work but');
    expect(ramp.code).toBe(1);
    await workers.shift()?.stop();
    await paused.signal('resume', { by: 'test' });
    expect(await paused.result()).toMatchObject({ source: 'quakes' });
    expect(await versioningOf(paused.workflowId)).toEqual({ build: 'b2', isAutoUpgrade: true });
  });

  test('gives way to workers without a deployment by --none', async () => {
    expect(await sandbox.run(['deployment', 'current', '--none'])).toMatchObject({
      code: 0,
      stdout: 'deployment news: no build is current; workers without DAYBOOK_DEPLOYMENT get all work\n',
    });
    const plain = new CliSandbox(folder, { ...tenant.variables, DAYBOOK_HTTP: 'off' }).start(['worker']);
    workers.push(plain);
    await plain.shows('Worker started');
    await until('a run has no build', async () => (await versioningOf(await runOnce())).build === undefined);
  });

  test('a build that no worker has is refused', async () => {
    const { code, stderr } = await routedToUnknown();
    expect(stderr).toMatch(/cannot be routed to b9: .*DAYBOOK_BUILD=b9 first; builds that have polled: .*b2/);
    expect(code).toBe(1);
  });

  test.each([
    [['ramp', 'half'], {}, 2, /deployment: found "half", expected a percentage from 0 to 100/],
    [['ramp', '101'], {}, 2, /deployment: found "101"/],
    [['current', 'b 9'], {}, 2, /deployment: found "b 9", expected up to 100 letters/],
    [['current', 'b1', '--none'], {}, 2, /found a build and --none/],
    [['status'], { DAYBOOK_DEPLOYMENT: '' }, 2, /DAYBOOK_DEPLOYMENT is not set; set it as for the workers/],
    [['status'], { DAYBOOK_DEPLOYMENT: 'a.b' }, 2, /DAYBOOK_DEPLOYMENT: found "a\.b", expected up to 60 letters/],
  ])('deployment %j is refused', async (args, variables, code, message) => {
    const result = await sandbox.run(['deployment', ...args], { variables });
    expect(result.stderr).toMatch(message);
    expect(result.code).toBe(code);
  });
});
