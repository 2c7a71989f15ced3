import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  appendFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Instance } from '../../src/domain/instance.ts';
import { storeName, type S3Setting } from '../../src/domain/storage/store-setting.ts';
import type { CopyResult } from '../../src/store/copy/copy-store.ts';
import { workersAt } from '../../src/temporal/queue-guard.ts';
import { createS3Store, type S3Store } from '../../src/store/s3/s3-store.ts';
import { CliSandbox, type CommandResult, type RunningDaybook } from '../support/cli-sandbox.ts';
import { csvRows } from '../support/csv-rows.ts';
import type { TcpProxy } from '../support/servers/tcp-proxy.ts';
import { TestWorker } from '../support/test-worker.ts';
import { until } from '../support/until.ts';
import { server, settingOf } from './s3-setting.ts';

const yaml = 'version: 1\nsources: [{ name: lines, type: file, path: lines.ndjson, id: id, occurred_at: at }]';
const [first, deferred, later] = [1_000, 4_000, 1];
const past = '2026-11-20';

let testWorker: TestWorker;
let proxy: TcpProxy;
let setting: S3Setting;
let bucket: S3Store;
let url: string;
let onBucket: CliSandbox;
let running: RunningDaybook | null = null;

beforeAll(async () => {
  if (server === null) return;
  testWorker = await TestWorker.prepareApart(yaml, new Instance().taskQueue);
  proxy = await testWorker.proxyPostgres();
  setting = settingOf(server);
  bucket = createS3Store(setting);
  url = storeName(setting);
  onBucket = new CliSandbox(testWorker.folder, { ...testWorker.commandVariables(), ...aws(), DAYBOOK_STORE: url });
});
afterAll(async () => {
  await running?.killAll();
  if (server === null) return;
  await testWorker.close();
  await proxy.close();
});

const aws = () => ({
  AWS_ENDPOINT_URL_S3: server?.endpoint ?? '',
  AWS_ACCESS_KEY_ID: server?.accessKeyId ?? '',
  AWS_SECRET_ACCESS_KEY: server?.secretAccessKey ?? '',
});
/** No server is named that could be asked for workers: this process has been one. */
const atRest = { TEMPORAL_ADDRESS: '' };
const ofFolder = (more: Record<string, string> = {}) =>
  new CliSandbox(testWorker.folder, { ...testWorker.commandVariables(), ...aws(), ...more });
const copy = (...args: string[]) => ofFolder(atRest).run(['store', 'copy', ...args]);
const data = () => testWorker.path('data');
const stored = () => testWorker.database.count('select count(*) from raw_events');
const ids = ({ stdout }: CommandResult) => csvRows(stdout).map((row) => row['source_id'] ?? '');

function fetchLines(prefix: string, count: number): void {
  const line = (n: number) => `{"id":"${prefix}${n}","at":"2026-11-0${1 + (n % 5)}T00:00:00Z"}\n`;
  appendFileSync(testWorker.path('lines.ndjson'), Array.from({ length: count }, (_, n) => line(n)).join(''));
}

/** What a run of 0.2.0 wrote on a past day: the names of its parts do not say what they hold. */
function makeOld(): void {
  for (const path of testWorker.files('data', 'csv', 'lines').filter((name) => name.endsWith('.csv'))) {
    const name = path.slice(path.lastIndexOf('/') + 1).replace(/^\d{8}/, past.replaceAll('-', ''));
    const moved = join(data(), 'csv', 'lines', past, name.replace(/^([^-]+-[0-9a-f]+).*/, '$1.csv'));
    mkdirSync(dirname(moved), { recursive: true });
    renameSync(path, moved);
  }
  // Files enough for a copy to be killed among them.
  const receipts = join(data(), 'receipts', 'lines', past);
  mkdirSync(receipts, { recursive: true });
  const [receipt = ''] = testWorker.files('data', 'receipts');
  const text = readFileSync(receipt);
  for (let n = 0; n < 600; n++) {
    writeFileSync(join(receipts, `20261120T1000${String(n).padStart(5, '0')}Z-run.json`), text);
  }
}

function rememberSinkDown(): void {
  const path = join(data(), 'state', 'lines.json');
  const state = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...state, sinkDownSince: { postgres: '2026-11-01T00:00:00.000Z' } }));
}

describe.skipIf(server === null)('store copy', () => {
  test('is refused while a worker runs', async () => {
    fetchLines('a', first);
    expect(await testWorker.run('lines')).toMatchObject({ outcome: 'ok', accepted: first });
    const { code, stderr } = await ofFolder().run(['store', 'copy', '--to', url]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/found the worker \S+, which polls the task queue "daybook"/),
    ]);
    expect(await bucket.list('')).toEqual([]);
  });

  test('killed during an outage, and run again, copies batches that wait for their delivery', async () => {
    makeOld();
    rememberSinkDown();
    proxy.down();
    fetchLines('b', deferred);
    expect(await testWorker.run('lines')).toMatchObject({ outcome: 'deferred', postgres: { deferred } });
    await testWorker.stopWorker();
    expect(await stored().catch(() => first)).toBe(first);

    const killed = ofFolder(atRest).start(['store', 'copy', '--to', url]);
    await until('some files are copied', async () => (await bucket.list('')).length > 20);
    process.kill(killed.pid, 'SIGKILL');
    await killed.killAll();
    const copied = (await bucket.list('')).length;
    expect(copied).toBeLessThan(testWorker.storedFiles().length);
    proxy.up();
    const refused = await onBucket.run(['worker']);
    expect([refused.code, refused.stderr + refused.stdout]).toEqual([
      2,
      expect.stringContaining(`is an unfinished copy of ${data()}, expected a complete store; finish it with`),
    ]);

    const again = await copy('--to', url, '--json');
    expect([again.code, again.stderr]).toEqual([
      0,
      expect.stringContaining('workers on other machines could not be asked'),
    ]);
    const result = JSON.parse(again.stdout) as CopyResult;
    expect(result).toMatchObject({ from: data(), to: url, deleted: 0, records: first + deferred, leftOut: [] });
    expect(result.written).toBeLessThan(result.files);
    expect(result.days).toContainEqual({ source: 'lines', day: past, records: first });
    expect((await bucket.list('deferred/postgres/lines')).length).toBeGreaterThan(0);
    const third = await copy('--to', url);
    expect(third.stdout).toContain(': 0 written (0 bytes); all were compared');
    expect(third.stderr).toContain(`set DAYBOOK_STORE=${url} for all workers and commands`);
  }, 180_000);

  test('names what is wrong with its options', async () => {
    const problems = {
      'gs://bucket': /--to: found "gs:\/\/…", expected a folder or s3:\/\/bucket\/prefix/,
      '': /--to: found nothing, expected a folder or s3:\/\/bucket\/prefix/,
    };
    for (const [to, message] of Object.entries(problems)) {
      const { code, stderr } = await copy('--to', to);
      expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    }
    symlinkSync(data(), testWorker.path('link'));
    const linked = await copy('--from', data(), '--to', testWorker.path('link'), '--replace');
    expect([linked.code, linked.stderr]).toEqual([
      2,
      expect.stringMatching(/found \S+data and \S+link \(\S+data\), expected two places, neither of them inside/),
    ]);
    const same = await copy();
    expect([same.code, same.stderr]).toEqual([
      2,
      expect.stringMatching(/expected two places, .*name the other store with --to or --from/),
    ]);
  });

  test('is continued by a worker on the bucket: batches are delivered, nothing is lost or stored twice', async () => {
    // The server names the worker on the folder for a minute.
    const polls = async () => workersAt(testWorker.client, new Instance().taskQueue);
    await until('the worker on the folder is gone', async () => (await polls()).length === 0, 90_000);
    running = onBucket.start(['worker']);
    await running.shows('Worker started');
    await until('all is delivered', async () => (await stored()) === first + deferred, 90_000);
    fetchLines('c', later);
    const run = await onBucket.run(['run', 'lines', '--json'], { apart: false });
    expect(JSON.parse(run.stdout)).toMatchObject({
      accepted: later,
      csv: { written: later },
      postgres: { written: later },
    });
    await until('no batch waits', async () => (await bucket.list('deferred')).length === 0);
    expect(await stored()).toBe(first + deferred + later);
    const counters = 'select counter from raw_event_database';
    const counter = await testWorker.database.count(counters);
    const old = await ofFolder({ DAYBOOK_HTTP: 'off' }).run(['worker']);
    expect([old.code, old.stderr + old.stdout]).toEqual([
      2,
      expect.stringMatching(/\/copy-\S+ on a copy of this store polls the task queue "daybook"/),
    ]);
    expect(await testWorker.database.count(counters)).toBe(counter);
    const found = ids(await onBucket.run(['export']));
    expect([found.length, new Set(found).size]).toEqual([first + deferred + later, first + deferred + later]);
    const verified = await onBucket.run(['verify', '--day', '2026-11-02', '--json']);
    expect(JSON.parse(verified.stdout)).toMatchObject({ consistent: true, postgres: { rows: (first + deferred) / 5 } });
    await running.killAll();
  }, 300_000);

  test('comes back into a folder, also into the one that it came from', async () => {
    const back = testWorker.path('back');
    expect((await copy('--from', url, '--to', back)).code).toBe(0);
    expect(readdirSync(join(back, 'csv', 'lines'))).toContain(past);
    const found = ids(await ofFolder({ DAYBOOK_DATA: back }).run(['export']));
    expect(new Set(found).size).toBe(first + deferred + later);

    const refused = await copy('--from', url);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/is an older copy of s3:.*--replace makes it equal/),
    ]);
    expect((await copy('--from', url, '--replace')).code).toBe(0);
    expect(testWorker.files('data', 'deferred')).toEqual([]);
    expect(new Set(ids(await ofFolder().run(['export']))).size).toBe(first + deferred + later);
    const newer = await copy('--to', url);
    expect([newer.code, newer.stdout]).toEqual([0, expect.stringContaining(': 0 written')]);
    rmSync(back, { recursive: true });
  }, 120_000);
});
