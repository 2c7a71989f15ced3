import { randomUUID } from 'node:crypto';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addDays, dayOfDate, partitionName } from '../../../src/domain/time/day.ts';
import { createPool } from '../../../src/sinks/postgres/connection/connection.ts';
import { openAlerts } from '../../../src/store/alerts/alerts.ts';
import { createDirectoryStore } from '../../../src/store/blobs/directory-store.ts';
import type { RolloverResult } from '../../../src/workflows/rollover/partition-rollover.ts';
import { attempt, batchOf, records } from '../../postgres/batches.ts';
import { TestWorker } from '../../support/test-worker.ts';
import { startWebhook, type Webhook } from '../../support/servers/webhook.ts';

const yaml = (partitions: string) => `version: 1
sources:
  - { name: a, type: file, path: a.ndjson, id: id, occurred_at: at }
partitions: ${partitions}
`;
const today = dayOfDate(new Date());
const old = [addDays(today, -5), addDays(today, -4), addDays(today, -3)] as const;

describe('partitionRollover', () => {
  let testWorker: TestWorker;
  let webhook: Webhook;
  beforeAll(async () => {
    webhook = await startWebhook();
    testWorker = await TestWorker.create(yaml('{ retention: 2d, payload_index: sealed }'));
    await testWorker.stopWorker();
    testWorker.alertWebhook = webhook.url;
    await testWorker.startWorker();
  });
  afterAll(async () => {
    await testWorker.close();
    await webhook.close();
  });

  let number = 0;
  const start = (dryRun = false) =>
    testWorker.client.workflow.start('partitionRollover', {
      workflowId: `partition-rollover-${testWorker.taskQueue}-${number++}`,
      taskQueue: testWorker.taskQueue,
      args: [{ dryRun }],
    });
  const roll = async (dryRun = false) => (await (await start(dryRun)).result()) as RolloverResult;
  const fill = async (...days: string[]) => {
    for (const day of days) await attempt(testWorker.database.pool, batchOf('a', []), records(3, `${day} `, day));
  };
  const alerts = async () => (await openAlerts(createDirectoryStore(testWorker.path('data')))).map(({ name }) => name);

  test('three days late retires each expired day, indexes the past ones, and creates the coming ones', async () => {
    await fill(...old, addDays(today, -1));
    await testWorker.database.rows(`update raw_event_floor set retired_before = '0001-01-01'`);
    const plan = await roll(true);
    expect(plan.retired.map(({ day }) => day)).toEqual(old);
    expect(await testWorker.database.count('select count(*) from raw_events')).toBe(12);
    const [first, second] = await Promise.all([start(), start()]);
    const results = [await first.result(), await second.result()] as RolloverResult[];
    expect(results.flatMap(({ failed }) => failed)).toEqual([]);
    expect(results.flatMap(({ retired }) => retired.map(({ day }) => day)).sort()).toEqual(old);
    // Either may come first, day by day.
    expect(new Set(results.flatMap(({ made }) => made)).size).toBe(8);
    expect(results.some(({ indexes }) => indexes.parent === 'dropped')).toBe(true);
    expect(results.flatMap(({ indexes }) => indexes.built)).toContain(addDays(today, -1));
    expect(await testWorker.database.count('select count(*) from raw_events')).toBe(3);
    expect(await testWorker.database.count('select count(*) from raw_event_keys')).toBe(3);
    expect(testWorker.files('data', 'archives')).toHaveLength(6);
  });

  test('a reader of some seconds delays only the retirement, and fails nothing', async () => {
    const day = addDays(today, -6);
    await testWorker.database.rows(`insert into raw_event_days values ($1, 'restored')`, [day]);
    await fill(day);
    await testWorker.database.rows('delete from raw_event_days');
    const reader = await testWorker.database.pool.connect();
    await reader.query('begin');
    await reader.query('select count(*) from raw_events');
    const writers = createPool(testWorker.database.settings, { maxConnections: 2 });
    // A batch that waits for a lock fails. The maintenance itself waits 2 s, so a blocking retirement would show.
    writers.on('acquire', (client) => void client.query(`set lock_timeout = '1500ms'`));
    const handle = await start();
    const endsAt = Date.now() + 5_000;
    for (let n = 0; Date.now() < endsAt; n++) {
      const { counts } = await attempt(writers, batchOf('b', []), records(5, `${n} `, today));
      expect(counts.written).toBe(5);
    }
    await writers.end();
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await reader.query('commit');
    reader.release();
    expect(await handle.result()).toMatchObject({ failed: [], retired: [{ day, rows: 3 }] });
    await testWorker.database.rows(`delete from raw_events where source = 'b'`);
    await testWorker.database.rows(`delete from raw_event_keys where source = 'b'`);
  });

  test('a failed step stops no other; an alert is open until a rollover succeeds completely', async () => {
    const day = old[0];
    await testWorker.database.rows(`insert into raw_event_days values ($1, 'restored')`, [day]);
    await fill(day);
    await testWorker.database.rows('delete from raw_event_days');
    // A view on the day's table keeps it from being dropped.
    await testWorker.database.rows(`create view report as select * from ${partitionName(day)}`);
    const { failed, made } = await roll();
    expect(made).toEqual([]);
    expect(failed).toEqual([{ step: 'retire', day, message: expect.stringMatching(/report/) as string }]);
    expect(await alerts()).toEqual(['maintenance']);
    await testWorker.database.rows('drop view report');
    expect(await roll()).toMatchObject({ failed: [], retired: [{ day, rows: 3 }] });
    expect(await alerts()).toEqual([]);
    expect(webhook.posted).toMatchObject([
      { name: 'maintenance', source: 'daybook', state: 'open' },
      { name: 'maintenance', source: 'daybook', state: 'resolved' },
    ]);
  });

  test('nothing is deleted while the configuration is broken: the file may keep more once it can be read', async () => {
    const day = old[1];
    const deleting = `${yaml('{ retention: 2d }')}csv: { retention: 1d }\ndead_letters: { retention: 1d }\n`;
    testWorker.configure(deleting);
    await testWorker.database.rows(`insert into raw_event_days values ($1, 'restored')`, [day]);
    await fill(day);
    await testWorker.database.rows('delete from raw_event_days');
    const letter = testWorker.path('data', 'dead-letters', 'a', randomUUID(), '0.ndjson');
    mkdirSync(dirname(letter), { recursive: true });
    writeFileSync(letter, '');
    utimesSync(letter, new Date(`${day}T00:00:00Z`), new Date(`${day}T00:00:00Z`));
    const sealed = testWorker.path('data', 'csv', 'a', `${day}.csv.gz`);
    mkdirSync(dirname(sealed), { recursive: true });
    writeFileSync(sealed, gzipSync(''));
    testWorker.configure('version: [');
    expect(await roll()).toMatchObject({ failed: [], retired: [], csv: { deleted: [], deadLetters: 0 } });
    testWorker.configure(deleting);
    expect(await roll()).toMatchObject({
      failed: [],
      retired: [
        {
          day,
          rows: 3,
        },
      ],
      csv: {
        deleted: [`a ${day}`],
        deadLetters: 1,
      },
    });
  });

  test('alerts of a removed source are resolved, and the webhook is notified', async () => {
    webhook.posted.length = 0;
    const gone = { name: 'run_failed', source: 'gone', state: 'open', since: '2026-11-01T00:00:00.000Z', message: 'x' };
    mkdirSync(testWorker.path('data', 'alerts', 'gone'), { recursive: true });
    writeFileSync(
      testWorker.path('data', 'alerts', 'gone', 'run_failed.json'),
      JSON.stringify({ ...gone, notified: true }),
    );
    await roll();
    expect(webhook.posted).toMatchObject([{ name: 'run_failed', source: 'gone', state: 'resolved' }]);
    expect(testWorker.files('data', 'alerts', 'gone')).toEqual([]);
  });
});
