import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAlive, CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { csvRowsBelow } from '../support/csv-rows.ts';
import { startOrigin, type Origin } from '../support/servers/origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const pages = 200;
const perPage = 100;
const kills = 3;

/** Pages that may be answered by now: the run must not be over before the last kill, however fast the machine is. */
const answered = { upTo: pages / (kills + 1) };
let origin: Origin;
let folder: string;
let running: RunningDaybook | null = null;

beforeAll(async () => {
  origin = await startOrigin(async (url, response) => {
    await sleep(60);
    const page = Number(url.searchParams.get('page'));
    while (page > answered.upTo) await sleep(20);
    const items =
      page > pages
        ? []
        : Array.from({ length: perPage }, (_, n) => ({ id: `${page}-${n}`, at: '2026-11-01T00:00:00Z' }));
    response.end(JSON.stringify({ items, pages }));
  });
  folder = temporaryFolder();
  writeFileSync(
    join(folder, 'daybook.yaml'),
    `version: 1
sources:
  - { name: pages, type: http_json, url: "${origin.url}/pages", allow_private: true, records: items, id: id, occurred_at: at,
      paginator: { type: page_number, total_path: pages }, schedule: { every: 1d } }
`,
  );
});

afterAll(async () => {
  await running?.killAll();
  await origin.close();
  rmSync(folder, { recursive: true, force: true });
});

test(`kill -9 of everything ${kills} times during ${pages} pages: each record stored once, and the run finishes`, async () => {
  const sandbox = new CliSandbox(folder);
  for (let kill = 0; kill < kills; kill++) {
    const asked = origin.requests.length;
    running = sandbox.start(['up']);
    await until('pages are asked for', () => origin.requests.length > asked, 90_000);
    // The pages that may be answered take three seconds, and those that wait are as good at any later time.
    await sleep(500 + Math.random() * 3_500);
    await running.killAll();
    answered.upTo += pages / (kills + 1);
  }
  answered.upTo = Infinity;
  running = sandbox.start(['up']);
  await running.shows('pages            ok', 120_000);
  const total = pages * perPage;
  const { stdout } = await sandbox.run([
    'sql',
    '--json',
    `select count(*) as rows, count(distinct source_id) as ids from raw_events where source = 'pages'`,
  ]);
  expect(JSON.parse(stdout)).toEqual({ rows: total, ids: total });
  expect(new Set(csvRowsBelow(join(folder, 'data', 'csv', 'pages')).map((row) => row['source_id'])).size).toBe(total);
  const status = JSON.parse((await sandbox.run(['status', '--json'])).stdout) as {
    sources: { health: string; lastReceipt: object }[];
  };
  expect(status.sources[0]).toMatchObject({ health: 'ok', lastReceipt: { fetched: total, accepted: total } });
  const pids = running.partPids();
  expect(pids.length).toBeGreaterThan(2);
  expect(await running.stop()).toBe(0);
  // What has ended may wait a moment for the system to take note.
  await until('all parts are gone', () => !pids.some(isAlive), 5_000);
  running = null;
}, 300_000);
