import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SourceState } from '../../src/domain/state/source-state.ts';
import { billedEvents } from '../support/billed-events.ts';
import { TestWorker } from '../support/test-worker.ts';
import type { TcpProxy } from '../support/servers/tcp-proxy.ts';
import { until } from '../support/until.ts';

const names = Array.from({ length: 8 }, (_, n) => `watched-${n}`);
/** Of each source in each poll. */
const records = 20;
const probeMs = 2_000;
let testWorker: TestWorker;
let proxy: TcpProxy;
let polls = 0;

beforeAll(async () => {
  const source = (name: string) => `  - { name: ${name}, type: file, path: ${name}.ndjson, id: id, occurred_at: at }\n`;
  testWorker = await TestWorker.prepareApart(`version: 1\nsources:\n${names.map(source).join('')}`);
  testWorker.sinkProbeMs = probeMs;
  proxy = await testWorker.proxyPostgres();
});
afterAll(async () => {
  await testWorker.close();
  await proxy.close();
});

const stored = () => testWorker.database.count('select count(*) from raw_events');
const markers = () => testWorker.files('data', 'deferred').length;
const watch = () => testWorker.client.workflow.getHandle('sink-watch-postgres');
const deliverer = (name: string) => testWorker.client.workflow.getHandle(`deliver-postgres-${name}`);
const steps = async (name: string, step: string) =>
  (await billedEvents(deliverer(name))).filter((event) => event === step).length;
const isRunning = async () => (await watch().describe()).status.name === 'RUNNING';

/** New records in each source, and a run of each. */
async function pollAll(): Promise<void> {
  polls++;
  for (const name of names) {
    const line = (n: number) => `{"id":"${polls}-${n}","at":"2026-11-01T00:00:00Z"}\n`;
    writeFileSync(testWorker.path(`${name}.ndjson`), Array.from({ length: records }, (_, n) => line(n)).join(''), {
      flag: 'a',
    });
  }
  await Promise.all(names.map((name) => testWorker.run(name)));
}

/** As if the runs before had found the sink down: the next ones try once only. */
function rememberSinkDown(): void {
  for (const name of names) {
    const path = testWorker.path('data', 'state', `${name}.json`);
    const state = JSON.parse(readFileSync(path, 'utf8')) as SourceState;
    writeFileSync(path, JSON.stringify({ ...state, sinkDownSince: { postgres: '2026-11-01T00:00:00.000Z' } }));
  }
}

test('an unavailable sink is probed once for all sources, whatever they defer; then all deliver, also after a stop of the worker', async () => {
  await pollAll();
  rememberSinkDown();
  proxy.down();
  for (let n = 0; n < 3; n++) await pollAll();
  await until('all have been tried', async () => {
    const tried = await Promise.all(names.map((name) => steps(name, 'timer')));
    return tried.every((count) => count === 1);
  });
  const startedAt = Date.now();
  const probesBefore = (await billedEvents(watch())).filter((step) => step === 'probeSink').length;
  await sleep(3 * probeMs);
  await pollAll();
  await testWorker.stopWorker();
  await testWorker.startWorker();
  await until('it is probed again', async () => {
    const probes = (await billedEvents(watch())).filter((step) => step === 'probeSink').length;
    return probes >= probesBefore + 4;
  });
  const probes = (await billedEvents(watch())).filter((step) => step === 'probeSink').length;
  expect(probes - probesBefore).toBeLessThanOrEqual(Math.ceil((Date.now() - startedAt) / probeMs));
  const attempts = await Promise.all(names.map((name) => steps(name, 'deliverBatches')));
  expect(attempts).toEqual(names.map(() => 1));
  expect(await stored()).toBe(names.length * records);
  proxy.up();
  await until('everything is delivered', () => markers() === 0, 45_000);
  expect(await stored()).toBe(names.length * records * polls);
  for (const name of names) await deliverer(name).result();
  expect(await watch().result()).toMatchObject({ deliverers: names.length });
});

test('a sink that answers, but accepts nothing, is watched as well; the watch ends once nothing is deferred', async () => {
  const { pool } = testWorker.database;
  await pool.query('alter table raw_event_keys rename to keys_away');
  rememberSinkDown();
  await pollAll();
  await until('it is watched', isRunning);
  expect(await steps('watched-0', 'deliverBatches')).toBe(1);
  await pool.query('alter table keys_away rename to raw_event_keys');
  await until('everything is delivered', () => markers() === 0, 45_000);
  await until('nothing is watched', async () => !(await isRunning()));
  expect(await stored()).toBe(names.length * records * polls);
});
