import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Receipt } from '../../src/domain/run/receipt.ts';
import type { S3Setting } from '../../src/domain/storage/store-setting.ts';
import { dayOfDate } from '../../src/domain/time/day.ts';
import { createS3Store, type S3Store } from '../../src/store/s3/s3-store.ts';
import type { ComparedDay } from '../../src/verify/compare-day.ts';
import type { RolloverResult } from '../../src/workflows/rollover/partition-rollover.ts';
import { CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { csvRows } from '../support/csv-rows.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { TestWorker } from '../support/test-worker.ts';
import { until } from '../support/until.ts';
import { server, settingOf } from './s3-setting.ts';

const past = '2026-11-20';
const yaml = `version: 1
sources:
  - { name: lines, type: file, path: lines.ndjson, id: id, occurred_at: at }
  - { name: keyed, type: file, path: keyed.ndjson, id: id, occurred_at: at }
`;
const lines = (prefix: string, count: number) =>
  Array.from(
    { length: count },
    (_, n) => `{"id":"${prefix}${n}","at":"2026-11-0${1 + (n % 5)}T00:00:00Z","t":"é,\\"x\\"\\n"}\n`,
  ).join('');

let testWorker: TestWorker;
let sandbox: CliSandbox;
let setting: S3Setting;
let store: S3Store;
/** Another machine: a folder of its own, with the same configuration and source. */
let elsewhere: string;
let running: RunningDaybook | null = null;

beforeAll(async () => {
  if (server === null) return;
  setting = settingOf(server);
  store = createS3Store(setting);
  testWorker = await TestWorker.createOnBucket(yaml, setting);
  sandbox = new CliSandbox(testWorker.folder, testWorker.commandVariables());
  elsewhere = temporaryFolder();
});
afterEach(async () => running?.killAll());
afterAll(async () => {
  if (server === null) return;
  await testWorker.close();
  rmSync(elsewhere, { recursive: true });
});

async function startElsewhere(): Promise<RunningDaybook> {
  for (const name of ['daybook.yaml', 'lines.ndjson']) cpSync(testWorker.path(name), join(elsewhere, name));
  running = new CliSandbox(elsewhere, testWorker.commandVariables()).start(['worker']);
  await running.shows('Worker started');
  return running;
}

async function daybook(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await sandbox.run(args);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  return stdout;
}

/** Lets what was ingested today have been ingested on a past day. */
async function moveToPast(source = 'lines'): Promise<void> {
  const today = dayOfDate(new Date());
  for (const path of await store.list(`csv/src=${source}/day=${today}`)) {
    const content = await store.get(path);
    await store.put(path.replaceAll(today, past), content ?? '');
    await store.delete(path);
  }
}

async function poll(prefix: string, count: number): Promise<Receipt> {
  writeFileSync(testWorker.path('lines.ndjson'), lines(prefix, count));
  return JSON.parse(await daybook('run', 'lines', '--json')) as Receipt;
}

let count = 0;
async function rollover(): Promise<RolloverResult> {
  return testWorker.client.workflow.execute('partitionRollover', {
    workflowId: `rollover-${testWorker.folder.slice(-6)}-${count++}`,
    taskQueue: testWorker.taskQueue,
    args: [{ dryRun: false }],
  }) as Promise<RolloverResult>;
}

const stored = async () => testWorker.database.count('select count(*) from raw_events');
const exported = async (...args: string[]) =>
  csvRows(await daybook('export', ...args)).map((row) => row['source_id'] ?? '');
const journal = async () => {
  const paths = await store.list('csv/src=lines');
  return paths.map((path) => path.slice('csv/src=lines/'.length).replace(/(?<=\.g\d+\.)[0-9a-f]{16}/, 'token'));
};

describe.skipIf(server === null)('a Daybook in a bucket', () => {
  test('runs, seals, verifies, exports and replays, and leaves nothing on the disk', async () => {
    expect(await poll('a', 2_500)).toMatchObject({ outcome: 'ok', csv: { written: 2_500 } });
    await moveToPast();
    expect((await rollover()).csv?.sealed).toEqual([`lines ${past}`]);
    expect(await journal()).toEqual([`day=${past}/${past}.g1.token.csv.gz`, `day=${past}/_${past}.g1.json`]);

    expect(await poll('b', 500)).toMatchObject({ outcome: 'ok', csv: { written: 500 } });
    const day = JSON.parse(await daybook('verify', '--day', '2026-11-01', '--json')) as ComparedDay;
    expect(day).toMatchObject({ consistent: true, csv: { keys: 600 }, postgres: { rows: 600 } });
    expect(new Set(await exported()).size).toBe(3_000);
    expect(await daybook('replay-csv', '--dry-run')).toMatch(new RegExp(`lines/${past}\\s+1\\s+\\d{3,}`));

    await testWorker.database.rows('truncate raw_events, raw_event_keys, raw_event_batches');
    const missing = await sandbox.run(['verify', '--day', '2026-11-01']);
    expect([missing.code, missing.stdout]).toEqual([1, expect.stringContaining('600 ')]);
    expect(JSON.parse(await daybook('replay-csv', '--json'))).toMatchObject({ records: 3_000, damagedCount: 0 });
    expect(await stored()).toBe(3_000);

    await moveToPast();
    await rollover();
    expect(await journal()).toEqual([`day=${past}/${past}.g2.token.csv.gz`, `day=${past}/_${past}.g2.json`]);
    expect(await exported()).toHaveLength(3_000);
    expect(existsSync(testWorker.path('data'))).toBe(false);
    expect(readdirSync(testWorker.folder).sort()).toEqual(['daybook.yaml', 'lines.ndjson']);
  });

  test('has a canary that finds its record in the journal, and cleans up', async () => {
    await testWorker.client.workflow.execute('canary', {
      workflowId: `canary-${testWorker.folder.slice(-6)}`,
      taskQueue: testWorker.taskQueue,
    });
    expect(await store.list('csv/src=daybook-canary')).toEqual([]);
  });

  test('reports its state', async () => {
    const doctor = JSON.parse((await sandbox.run(['doctor', '--json'])).stdout) as { what: string; ok: boolean }[];
    expect(doctor.filter(({ ok }) => !ok).map(({ what }) => what)).toEqual([]);
    const { storage } = JSON.parse(await daybook('status', '--json')) as {
      storage: { part: string; error: unknown }[];
    };
    expect(storage.map(({ part, error }) => [part, error])).toEqual([
      ['store', null],
      ['journal', null],
    ]);
  });

  test('repairs a damaged part, and rebuilds a lost journal', async () => {
    await poll('c', 300);
    const [part = ''] = await store.list(`csv/src=lines/day=${dayOfDate(new Date())}`);
    await store.put(part, (await store.get(part))?.subarray(0, -20) ?? '');
    expect((await sandbox.run(['export'])).code).toBe(1);
    expect(await daybook('repair-csv', part.slice('csv/'.length))).toContain('300 records rewritten from');
    expect(new Set(await exported()).size).toBe(3_300);
    for (const path of await store.list('csv/src=lines')) await store.delete(path);
    await daybook('rebuild-journal');
    expect(new Set(await exported()).size).toBe(3_300);
    expect(JSON.parse(await daybook('verify', '--day', '2026-11-02', '--json'))).toMatchObject({ consistent: true });
  });

  test('moves a source to other ids, sealed or not', async () => {
    const records = ['a', 'b', 'c'].map((id) => `{"id":"${id}","key":"k-${id}","at":"2026-11-01T00:00:00Z"}\n`);
    for (const [n, text] of records.entries()) {
      writeFileSync(testWorker.path('keyed.ndjson'), text);
      await daybook('run', 'keyed');
      if (n === 1) await moveToPast('keyed');
      if (n === 1) await rollover();
    }
    testWorker.configure(yaml.replace('path: keyed.ndjson, id: id', 'path: keyed.ndjson, id: key'));
    await daybook('rekey', 'keyed');
    expect(await exported('--source', 'keyed')).toEqual(['k-a', 'k-b', 'k-c']);
    expect((await store.list('csv/src=keyed')).filter((path) => path.endsWith('.csv'))).toEqual([]);
  });

  test('continues a run whose worker was killed, on another machine', async () => {
    await testWorker.stopWorker();
    await testWorker.database.rows('truncate raw_events, raw_event_keys, raw_event_batches');
    for (const path of await store.list('csv/src=lines')) await store.delete(path);
    writeFileSync(testWorker.path('lines.ndjson'), lines('k', 30_000));
    const other = await startElsewhere();
    const started = sandbox.run(['run', 'lines', '--json']);
    await until('some rows are stored', async () => (await stored()) > 2_000);
    process.kill(other.pid, 'SIGKILL');
    const before = await stored();
    await testWorker.startWorker();
    const { code, stdout } = await started;
    expect([code, before < 30_000]).toEqual([0, true]);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'ok', fetched: 30_000 });
    expect(await stored()).toBe(30_000);
    const ids = await exported('--source', 'lines');
    expect([ids.length, new Set(ids).size]).toEqual([30_000, 30_000]);
    const compared = JSON.parse(await daybook('verify', '--day', '2026-11-03', '--json')) as ComparedDay;
    expect(compared).toMatchObject({ consistent: true, postgres: { rows: 6_000 } });
    expect(readdirSync(elsewhere).sort()).toEqual(['daybook.yaml', 'lines.ndjson']);
  }, 180_000);

  test('seals once by two rollovers at once on two machines', async () => {
    await moveToPast();
    await startElsewhere();
    const results = await Promise.all([rollover(), rollover()]);
    expect(results.flatMap(({ failed }) => failed)).toEqual([]);
    expect(await journal()).toEqual([
      expect.stringMatching(/\.g\d+\.token\.csv\.gz$/),
      expect.stringMatching(/_.*json$/),
    ]);
    const ids = await exported('--source', 'lines');
    expect([ids.length, new Set(ids).size]).toEqual([30_000, 30_000]);
  });

  test('retires days into archives in the bucket, reads and restores them, and deletes old days of the journal', async () => {
    await running?.killAll();
    testWorker.configure(`${yaml}partitions: { retention: 2d }\ncsv: { retention: 2d }\n`);
    const { retired, csv, failed } = await rollover();
    expect(failed).toEqual([]);
    expect(retired.map(({ day }) => day)).toEqual([1, 2, 3, 4, 5].map((n) => `2026-11-0${n}`));
    expect(csv?.deleted).toContain(`lines ${past}`);
    expect(await journal()).toEqual([]);
    expect(await store.list('archives')).toHaveLength(10);
    expect(await stored()).toBe(0);
    expect(await exported('--archives', '--source', 'lines')).toHaveLength(30_000);
    expect(await daybook('restore', '--day', '2026-11-03')).toContain('restored 6000 of 6000 rows');
    expect(await stored()).toBe(6_000);
    expect(existsSync(testWorker.path('data'))).toBe(false);
  });
});
