import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SourceState } from '../../src/domain/state/source-state.ts';
import { startOrigin, type Origin } from '../support/servers/origin.ts';
import { TestWorker } from '../support/test-worker.ts';
import type { TcpProxy } from '../support/servers/tcp-proxy.ts';
import { until } from '../support/until.ts';

/** How long PostgreSQL is away; 600 by hand. */
const outageMs = Number(process.env['DAYBOOK_TRIAL_OUTAGE_SECONDS'] ?? 15) * 1_000;
/** Ten seconds in an outage of ten minutes. */
const everyMs = Math.max(2_000, outageMs / 60);
const names = ['outage-a', 'outage-b', 'outage-c'];

const served = new Map(names.map((name) => [name, new Set<string>()]));
let origin: Origin;
let proxy: TcpProxy;
let testWorker: TestWorker;

beforeAll(async () => {
  origin = await startOrigin((url, response) => {
    const name = url.pathname.slice(1);
    const ids = served.get(name) ?? new Set();
    const first = ids.size;
    const items = Array.from({ length: 50 }, (_, n) => ({ id: String(first + n), at: '2026-11-01T00:00:00Z' }));
    // Each item is shown once only: what a run has taken it must not lose.
    for (const { id } of items) ids.add(id);
    response.end(JSON.stringify(items));
  });
  const source = (name: string) =>
    `  - { name: ${name}, type: http_json, url: "${origin.url}/${name}", allow_private: true, id: id, occurred_at: at }\n`;
  testWorker = await TestWorker.prepareApart(`version: 1\nsources:\n${names.map(source).join('')}`);
  proxy = await testWorker.proxyPostgres();
});
afterAll(async () => {
  for (const name of names)
    await schedule(name)
      .delete()
      .catch(() => undefined);
  await testWorker.close();
  await proxy.close();
  await origin.close();
});

const scheduleId = (name: string) => `scrape-${name}-${testWorker.taskQueue}`;
const schedule = (name: string) => testWorker.client.schedule.getHandle(scheduleId(name));

async function list(query: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { workflowId } of testWorker.client.workflow.list({
    query: `TaskQueue = '${testWorker.taskQueue}' AND ${query}`,
  }))
    found.push(workflowId);
  return found;
}
const stored = () => testWorker.database.count('select count(*) from raw_events');
const total = () => names.reduce((sum, name) => sum + (served.get(name)?.size ?? 0), 0);
const journal = (name: string) => new Set(testWorker.csv(name).map((row) => row['source_id'])).size;
const markers = () => testWorker.files('data', 'deferred').length;

/** As if the run before had found PostgreSQL away: the next one tries once. In an outage of minutes they find out. */
function rememberSinkDown(name: string): void {
  const path = testWorker.path('data', 'state', `${name}.json`);
  const state = JSON.parse(readFileSync(path, 'utf8')) as SourceState;
  writeFileSync(path, JSON.stringify({ ...state, sinkDownSince: { postgres: new Date().toISOString() } }));
}

test(
  `PostgreSQL away for ${outageMs / 1_000} s under three sources every ${everyMs / 1_000} s fails no run, and has everything within a minute of its return`,
  async () => {
    for (const name of names) await testWorker.run(name);
    proxy.down();
    const end = Date.now() + outageMs;
    if (outageMs < 300_000) for (const name of names) rememberSinkDown(name);
    for (const name of names) {
      await testWorker.client.schedule.create({
        scheduleId: scheduleId(name),
        spec: { intervals: [{ every: everyMs }] },
        action: {
          type: 'startWorkflow',
          workflowType: 'scrapeRun',
          workflowId: scheduleId(name),
          taskQueue: testWorker.taskQueue,
          args: [{ source: name }],
        },
      });
    }
    let deliverers: readonly string[] = [];
    let waiting = 0;
    while (Date.now() < end) {
      await sleep(Math.min(1_000, Math.max(0, end - Date.now())));
      const open = await list(`WorkflowType = 'deliver' AND ExecutionStatus = 'Running'`);
      if (open.length > deliverers.length) deliverers = open;
      waiting = Math.max(waiting, markers());
    }
    const missing = total() - (await stored());
    proxy.up();
    const returned = Date.now();
    for (const name of names) await schedule(name).pause();
    await until('everything is stored', async () => (await stored()) === total() && markers() === 0, 60_000);
    const took = Date.now() - returned;
    process.stderr.write(
      `${total()} records, ${missing} of them missing at the end in at most ${waiting} deferred batchesed; there after ${took} ms; deliverers: ${deliverers.join(', ')}\n`,
    );
    await until('all has ended', async () => (await list(`ExecutionStatus = 'Running'`)).length === 0, 60_000);
    expect(await stored()).toBe(total());
    expect(await testWorker.database.count('select count(distinct (source, source_id)) from raw_events')).toBe(total());
    for (const name of names) expect(journal(name), name).toEqual(served.get(name)?.size);
    expect(await list(`ExecutionStatus != 'Completed'`)).toEqual([]);
    expect([...deliverers].sort()).toEqual(names.map((name) => `deliver-postgres-${name}`));
    expect(missing > 0).toBe(true);
    expect(markers()).toBe(0);
  },
  outageMs + 180_000,
);
