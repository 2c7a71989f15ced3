import { afterAll, beforeAll, expect, test } from 'vitest';
import { Instance } from '../../src/domain/instance.ts';
import { CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { ExportApi } from '../support/servers/export-api.ts';
import { TestWorker } from '../support/test-worker.ts';

let api: ExportApi;
let testWorker: TestWorker;
let sandbox: CliSandbox;
let worker: RunningDaybook;

const yaml = (url: string) => `version: 1
sources:
  - name: orders
    type: http_json
    allow_private: true
    id: id
    occurred_at: at
    retry: { initial_interval: 100ms }
    export:
      submit: { url: "${url}/exports", body: { kind: orders }, job: id }
      status: { url: "${url}/exports/\${job}", done_when: "status == 'done'", every: 1s }
      download: { url: "\${status:result.urls}" }
      cancel: { url: "${url}/exports/\${job}" }
`;

beforeAll(async () => {
  api = await ExportApi.start();
  testWorker = await TestWorker.prepareApart(yaml(api.api.url), new Instance().taskQueue);
  sandbox = new CliSandbox(testWorker.folder, { ...testWorker.commandVariables(), DAYBOOK_HTTP: 'off' });
  worker = await startWorker();
});
afterAll(async () => {
  await worker?.killAll();
  await testWorker?.close();
  await api?.close();
});

async function startWorker(): Promise<RunningDaybook> {
  const started = sandbox.start(['worker']);
  await started.shows('Worker started');
  return started;
}

test('a worker that is killed while it submits, asks and downloads leaves one job too many, and reads one', async () => {
  const killedAt: string[] = [];
  api.begin({
    documents: () => [[{ id: 'a', at: '2026-11-10T00:00:00Z' }], [{ id: 'b', at: '2026-11-10T00:00:00Z' }]],
    // Each step is answered only once its worker is dead.
    async before(what) {
      if (what === 'cancel' || killedAt.includes(what)) return;
      killedAt.push(what);
      await worker.killAll();
      worker = await startWorker();
    },
  });
  const handle = await testWorker.start({ source: 'orders' });
  expect(await handle.result()).toMatchObject({ outcome: 'ok', fetched: 2, accepted: 2 });
  expect(killedAt).toEqual(['submit', 'status', 'download']);
  expect(api.jobs).toHaveLength(2);
  expect(api.jobs[0]).toMatchObject({ looks: 0, downloads: 0 });
  expect(api.jobs[1]?.downloads).toBeGreaterThan(1);
  expect(await testWorker.database.count('select count(*) from raw_events')).toBe(2);
}, 180_000);
