import { appendFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { FailedReceipt } from '../../src/domain/run/receipt.ts';
import { openAlerts } from '../../src/store/alerts/alerts.ts';
import { listDamaged } from '../../src/store/blobs/damage.ts';
import { createDirectoryStore } from '../../src/store/blobs/directory-store.ts';
import { startOrigin, type Origin } from '../support/servers/origin.ts';
import { TestWorker } from '../support/test-worker.ts';
import type { TcpProxy } from '../support/servers/tcp-proxy.ts';
import { until } from '../support/until.ts';

const count = 60;
let origin: Origin;
let proxy: TcpProxy;
let testWorker: TestWorker;
let prefix = 0;

/** Damages a spooled batch, each in a way that leaves readable lines; by the source that it happens to. */
const damages: Record<string, (path: string) => void> = {
  // At the end of a line.
  'cut-short': (path) => {
    const text = readFileSync(path, 'utf8');
    truncateSync(path, text.indexOf('\n', text.length / 2) + 1);
  },
  emptied: (path) => truncateSync(path, 0),
  'one-byte-flipped': (path) => writeFileSync(path, readFileSync(path, 'utf8').replace('text 7', 'tExt 7')),
  'one-line-more': (path) => appendFileSync(path, readFileSync(path, 'utf8').split('\n')[0] + '\n'),
};

beforeAll(async () => {
  origin = await startOrigin();
  testWorker = await TestWorker.prepare(`version: 1
defaults: { allow_private: true }
sources:
${['items', ...Object.keys(damages)].map((name) => `  - { name: ${name}, type: http_json, url: "${origin.url}/${name}", id: id, occurred_at: at }\n`).join('')}  - { name: dated, type: http_json, url: "${origin.url}/dated", id: id, occurred_at: at, incremental: { cursor: at, start_param: since } }
`);
  proxy = await testWorker.proxyPostgres();
});
afterAll(async () => {
  await testWorker.close();
  await proxy.close();
  await origin.close();
});

beforeEach(() => {
  prefix++;
  testWorker.logs.length = 0;
  proxy.up();
  rmSync(testWorker.path('data', 'spool'), { recursive: true, force: true });
  rmSync(testWorker.path('data', 'csv'), { recursive: true, force: true });
});

const item = (n: number) => ({ id: `${prefix}-${n}`, at: '2026-11-01T00:00:00Z', text: `text ${n}` });
const items = () => Array.from({ length: count }, (_, n) => item(n));
const serve = (list: readonly object[]) => origin.answer((_url, response) => void response.end(JSON.stringify(list)));
const parts = (source: string) => testWorker.files('data', 'csv', source).filter((path) => path.endsWith('.csv'));
const spooled = (source = '') => testWorker.files('data', 'spool', source).filter((path) => !path.endsWith('.tmp'));
const stored = (source: string) =>
  testWorker.database.count('select count(*) from raw_events where source = $1 and source_id like $2', [
    source,
    `${prefix}-%`,
  ]);
const changed = (source: string) =>
  testWorker.database.count(
    `select count(*) from raw_events where source = $1 and source_id like $2 and payload->>'text' not like 'text %'`,
    [source, `${prefix}-%`],
  );
const journal = (source: string) => new Set(testWorker.csv(source).map((row) => row['source_id'])).size;

const hasFailed = (activity: string, run: string) =>
  testWorker.logs.some(
    ({ msg, activity_type: type, workflow_id: of }) => msg === 'Activity failed' && type === activity && of === run,
  );

/** Runs a source while PostgreSQL is unavailable, and damages its batch. */
async function runToDamage(source: string, damage: (path: string) => void, csv: boolean) {
  const handle = await testWorker.start({ source });
  const path = await until('the batch is spooled', () => spooled(source)[0]);
  // The first attempts have the batch in memory; those after them read it.
  if (csv) await until('its CSV part is written', () => journal(source) === count);
  else {
    const refused = () => ['writeCsv', 'writePostgres'].every((activity) => hasFailed(activity, handle.workflowId));
    await until('both sinks have refused it', refused);
  }
  damage(path);
  return { source, handle };
}

/**
 * Runs sources while PostgreSQL is unavailable, damages the batch of each, and lets PostgreSQL come back.
 * @param csv whether the batches' CSV parts are written before
 */
async function runOverDamage(damaged: [source: string, damage: (path: string) => void][], csv: boolean) {
  proxy.down();
  mkdirSync(testWorker.path('data'), { recursive: true });
  // A file where the folder of the parts should be: nothing can be written there.
  if (!csv) writeFileSync(testWorker.path('data', 'csv'), '');
  const runs = await Promise.all(damaged.map(([source, damage]) => runToDamage(source, damage, csv)));
  if (!csv) rmSync(testWorker.path('data', 'csv'));
  proxy.up();
  return runs;
}

test('a damaged batch in the spool is not stored; its run fails with the state before it, and the next one stores all', async () => {
  serve(items());
  for (const { source, handle } of await runOverDamage(Object.entries(damages), false)) {
    const error = (await handle.result().catch((failure: unknown) => failure)) as {
      cause: { type: string; details: FailedReceipt[] };
    };
    expect(error.cause.type, source).toBe('BatchDamaged');
    expect(error.cause.details[0]).toMatchObject({ outcome: 'failed', error: { type: 'BatchDamaged' } });
    expect(await stored(source)).toBe(0);
    await until('the alert is logged', () =>
      testWorker.logs.find(
        ({ event, source: of, name, state }) =>
          event === 'alert' && of === source && name === 'run_failed' && state === 'open',
      ),
    );
    expect(await testWorker.run(source)).toMatchObject({
      outcome: 'ok',
      fetched: count,
      postgres: { written: count },
    });
    expect(await stored(source)).toBe(count);
    expect(await changed(source)).toBe(0);
    expect(journal(source)).toBe(count);
  }
});

test('a damaged batch in the spool is rebuilt from its CSV part, and stored as it was', async () => {
  serve(items());
  for (const { source, handle } of await runOverDamage(Object.entries(damages), true)) {
    expect(await handle.result(), source).toMatchObject({
      outcome: 'ok',
      csv: { written: count },
      postgres: { written: count },
    });
    expect(await stored(source)).toBe(count);
    expect(await changed(source)).toBe(0);
    expect(spooled(source)).toEqual([]);
    expect(await testWorker.run(source)).toMatchObject({ outcome: 'unchanged', unchanged: count });
  }
});

test('a damaged batch whose CSV part leaves out a repeated key is fetched again', async () => {
  serve([...items(), { ...item(0), text: 'text of a repeat' }]);
  const [run] = await runOverDamage([['items', damages['emptied']!]], true);
  await expect(run?.handle.result()).rejects.toMatchObject({ cause: { type: 'BatchDamaged' } });
  expect(await stored('items')).toBe(0);
  expect(await testWorker.run('items')).toMatchObject({
    fetched: count + 1,
    postgres: { written: count, duplicate: 1 },
  });
});

test('a damaged deferred batch is set aside, and its source is polled again from its earliest record', async () => {
  const asked: (string | null)[] = [];
  const late = { ...item(1), at: '2026-11-03T00:00:00Z' };
  origin.answer((url, response) => {
    asked.push(url.searchParams.get('since'));
    response.end(JSON.stringify([{ ...item(0), at: '2026-11-02T00:00:00Z' }, late]));
  });
  await testWorker.run('dated');
  await testWorker.database.rows('alter table raw_event_keys rename to keys_away');
  const fresh = [2, 3].map((n) => ({ ...item(n), at: `2026-11-0${n + 2}T00:00:00Z` }));
  origin.answer((url, response) => {
    asked.push(url.searchParams.get('since'));
    response.end(JSON.stringify(fresh));
  });
  expect(await testWorker.run('dated')).toMatchObject({ outcome: 'deferred' });
  // A delivery that has read the batch would not see its damage.
  await testWorker.stopWorker();
  for (const path of [...spooled(), ...parts('dated')]) truncateSync(path, 10);
  await testWorker.database.rows('alter table keys_away rename to raw_event_keys');
  await testWorker.startWorker();
  await until('nothing waits', () => testWorker.files('data', 'deferred').length === 0, 90_000);
  const store = createDirectoryStore(testWorker.path('data'));
  expect((await listDamaged(store)).map(({ source, path }) => [source, path.includes('/spool/')])).toEqual([
    ['dated', true],
  ]);
  expect((await openAlerts(store)).map(({ name }) => name)).toContain('store');
  expect(await testWorker.run('dated')).toMatchObject({ outcome: 'ok', postgres: { written: 2 } });
  expect(asked).toEqual([null, '2026-11-03T00:00:00Z', '2026-11-04T00:00:00Z']);
  // It was handled.
  rmSync(testWorker.path('data', 'damaged'), { recursive: true });
  await testWorker.run('dated');
  expect((await openAlerts(store)).map(({ name }) => name)).not.toContain('store');
});
