import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { freshPollers } from '../../../src/temporal/fresh-pollers.ts';
import { readCompose } from '../../support/deploy/compose.ts';
import { ComposeProcesses } from '../../support/deploy/compose-processes.ts';
import { csvRowsBelow } from '../../support/csv-rows.ts';
import { createDatabase, type TestDatabase } from '../../support/servers/database.ts';
import { json, startOrigin, type Origin } from '../../support/servers/origin.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { createNamespace, type TestNamespace } from '../../support/servers/namespace.ts';
import { until } from '../../support/until.ts';

// No Docker here: the services of docker-compose.yml run as plain processes, with the files that the Dockerfile copies.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let folder: string;
let database: TestDatabase;
let namespace: TestNamespace;
let origin: Origin;
let client: Client;
let compose: ComposeProcesses;
let filesBefore: string[];

const secrets = { PG_PASSWORD: inject('postgres').password, TEMPORAL_DB_PASSWORD: 'none', GRAFANA_PASSWORD: 'none' };
const startedAt = Date.now();
/** The source offers a record more every tenth of a second, and all that it ever offered. */
const offered = () =>
  Array.from({ length: Math.ceil((Date.now() - startedAt) / 100) }, (_, index) => ({
    id: `item-${index}`,
    at: new Date(startedAt + index * 100).toISOString(),
  }));

beforeAll(async () => {
  folder = temporaryFolder();
  database = await createDatabase(inject('postgres'), null);
  namespace = await createNamespace(inject('temporalAddress'), `compose-${randomUUID()}`);
  ({ client } = namespace);
  origin = await startOrigin(async (url, response, request) => {
    // A run takes a while: kills and stops hit some.
    await new Promise((resolve) => setTimeout(resolve, 200));
    return json(offered())(url, response, request);
  });
  const { host, port, user, database: name } = database.settings;
  compose = new ComposeProcesses(readCompose(secrets), folder, {
    PG_HOST: host,
    PG_PORT: String(port),
    PG_DB: name,
    PG_USER: user,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: namespace.name,
  });
  const source = `{ name: pulse, type: http_json, url: "${origin.url}", id: id, occurred_at: at, allow_private: true, schedule: { every: 1s } }`;
  writeFileSync(join(compose.mount('/etc/daybook'), 'daybook.yaml'), `version: 1\nsources:\n  - ${source}\n`);
  filesBefore = imageFiles();
});
afterAll(async () => {
  await compose?.close();
  await origin?.close();
  await namespace?.close();
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

const imageFiles = () =>
  readdirSync(compose.imageFolder, { recursive: true, encoding: 'utf8' })
    // The launcher keeps a note of its last look where it may write, which the image's user may not.
    .filter((path) => !path.startsWith('node_modules/') && path !== 'dist/.last-look')
    .sort();
const runs = (status: string) =>
  client.workflow.count(`WorkflowType = 'scrapeRun' AND ExecutionStatus = '${status}'`).then(({ count }) => count);
const workersSaid = () =>
  [...compose.containers].map(([name, { output }]) => `${name}: ${output.split('\n').slice(-lastLines).join('\n')}`);
const lastLines = 8;
const completed = (atLeast: number, withinMs = 30_000) =>
  until(
    () => `${atLeast} runs are done\n${workersSaid().join('\n')}`,
    async () => (await runs('Completed')) >= atLeast,
    withinMs,
  );

/** Waits until more runs have completed than now; fails where they do not. */
async function runsContinue(): Promise<boolean> {
  return completed((await runs('Completed')) + 2);
}

describe('docker compose up', () => {
  test('migrates, starts workers, and applies the schedules once they are ready', async () => {
    await compose.up(['schedules']);
    expect(compose.events).toEqual([
      'migrate starts',
      'migrate ended',
      'worker-1 starts',
      'worker-1 is healthy',
      'worker-2 starts',
      'worker-2 is healthy',
      'schedules starts',
      'schedules ended',
    ]);
    expect(compose.containers.get('migrate')?.output).toContain('applied 0001_raw_events');
    expect(compose.containers.get('schedules')?.output).toMatch(/scrape-pulse\s+created/);
  });

  test('has both workers poll, and runs come by their schedule', async () => {
    const pollers = await freshPollers(client, { taskQueue: 'daybook', type: 'workflows' });
    expect(new Set(pollers).size).toBe(2);
    expect(await runsContinue()).toBe(true);
  });

  test('passes smoke', async () => {
    const smoke = await compose.containers.get('worker-1')?.exec([...compose.image.entrypoint, 'smoke']);
    expect(smoke).toMatchObject({ code: 0 });
  });
});

describe('a rolling restart', () => {
  test('of two workers fails no run, and runs continue meanwhile', async () => {
    for (const name of ['worker-1', 'worker-2']) {
      expect(await compose.stop(name)).toBe(0);
      expect(await runsContinue()).toBe(true);
      await compose.start(name);
      await compose.healthy(name);
      expect(await runsContinue()).toBe(true);
    }
  });

  test('also works if each worker is killed', async () => {
    for (const name of ['worker-1', 'worker-2']) {
      compose.containers.get(name)?.kill('SIGKILL');
      expect(await runsContinue()).toBe(true);
      await compose.start(name);
      await compose.healthy(name);
      expect(await runsContinue()).toBe(true);
    }
  });

  test('has lost nothing, stored nothing twice, and written nothing into the image', async () => {
    const ids = offered().map(({ id }) => id);
    const lastPoll = [...compose.image.entrypoint, 'run', 'pulse', '--json'];
    expect(await compose.containers.get('worker-1')?.exec(lastPoll)).toMatchObject({ code: 0 });
    await client.schedule.getHandle('scrape-pulse').pause('the test ends');
    await until('running work has ended', async () => (await runs('Running')) === 0);
    for (const status of ['Failed', 'Terminated', 'TimedOut', 'Canceled']) {
      expect(await runs(status), status).toBe(0);
    }
    const rows = await database.rows('select source_id, count(*) from raw_events group by 1');
    expect(rows.filter(({ count }) => count !== '1')).toEqual([]);
    expect(rows.map(({ source_id: id }) => id)).toEqual(expect.arrayContaining(ids));
    const lines = csvRowsBelow(join(compose.mount('/var/lib/daybook'), 'csv'));
    expect(new Set(lines.map(({ source_id: id }) => id))).toEqual(new Set(rows.map(({ source_id: id }) => id)));
    expect(imageFiles()).toEqual(filesBefore);
    const output = [...compose.containers.values()].map((container) => container.output).join('');
    expect(output).not.toMatch(/installing|building/);
  });
});
