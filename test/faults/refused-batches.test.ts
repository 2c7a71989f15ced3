import { rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDirectoryStore } from '../../src/store/blobs/directory-store.ts';
import { readWaiting } from '../../src/status/deferred.ts';
import { startDeliveries } from '../../src/temporal/start-delivery.ts';
import { TestWorker } from '../support/test-worker.ts';
import { until } from '../support/until.ts';

let testWorker: TestWorker;
beforeAll(async () => {
  testWorker = await TestWorker.createApart(
    'version: 1\nsources: [{ name: lines, type: file, path: lines.ndjson, id: id, occurred_at: at }]',
  );
  await testWorker.database.rows(`select ensure_partition('2026-11-01')`);
});
afterAll(async () => testWorker.close());

const stored = (like: string) =>
  testWorker.database.count('select count(*) from raw_events where source_id like $1', [like]);
const markers = () => testWorker.files('data', 'deferred', 'postgres', 'lines').length;
const letters = () =>
  testWorker.files('data', 'dead-letters', 'lines').filter((path) => path.includes('-refused')).length;
const reason = async () => {
  const waiting = (await readWaiting(createDirectoryStore(testWorker.path('data')))).get('lines');
  return waiting?.map(({ reason: why }) => why).join() ?? '';
};

/** A run of some records whose batch waits: the ledger is away meanwhile. */
async function runDeferred(ids: readonly string[]): Promise<void> {
  rmSync(testWorker.path('data', 'state'), { recursive: true, force: true });
  writeFileSync(
    testWorker.path('lines.ndjson'),
    ids.map((id) => `{"id":"${id}","at":"2026-11-01T00:00:00Z"}\n`).join(''),
  );
  expect(await testWorker.run('lines')).toMatchObject({ outcome: 'deferred', postgres: { deferred: ids.length } });
}

async function whileLedgerIsAway(work: () => Promise<void>): Promise<void> {
  await testWorker.database.rows('alter table raw_event_keys rename to keys_away');
  await work();
  await testWorker.database.rows('alter table keys_away rename to raw_event_keys');
}

/** A refused deliverer rests; as a starting worker does, this starts a new one, without memory of it. */
async function deliverNow(): Promise<void> {
  const { client, instance } = testWorker;
  // The watch of the sink may have been quicker: then it has ended.
  await client.workflow
    .getHandle('deliver-postgres-lines')
    .terminate()
    .catch(() => undefined);
  await startDeliveries(client, instance, createDirectoryStore(testWorker.path('data')));
}

const some = (count: number, name: string) => Array.from({ length: count }, (_, n) => `${name}-${n}`);

test('one row that a trigger refuses, in the oldest batch, is a dead letter; everything else is delivered', async () => {
  await testWorker.database.rows(
    `create function judge() returns trigger language plpgsql as $$ begin
       if new.source_id = 'row-bad' then raise 'not this one' using errcode = 'XY001'; end if; return new; end $$`,
  );
  await testWorker.database.rows(
    'create trigger judge before insert on raw_events_2026_11_01 for each row execute function judge()',
  );
  await whileLedgerIsAway(async () => {
    await runDeferred([...some(4, 'row-a'), 'row-bad', ...some(5, 'row-b')]);
    for (let n = 0; n < 4; n++) await runDeferred(some(3, `row-later${n}`));
  });
  expect(markers()).toBe(5);
  await deliverNow();
  await until('everything is delivered', () => markers() === 0, 30_000);
  expect(await stored('row-%')).toBe(9 + 4 * 3);
  expect(letters()).toBe(1);
  await testWorker.database.rows('drop function judge() cascade');
});

test('batches that are refused entirely block no others, and are shown with their latest reason', async () => {
  await whileLedgerIsAway(async () => {
    for (let n = 0; n < 5; n++) await runDeferred(some(2, `whole-bad${n}`));
    for (let n = 0; n < 4; n++) await runDeferred(some(2, `whole-good${n}`));
  });
  expect(await reason()).toContain('raw_event_keys');
  await testWorker.database.rows(
    `create function drop_row() returns trigger language plpgsql as 'begin return null; end'`,
  );
  await testWorker.database.rows(
    `create trigger drop_row before insert on raw_events_2026_11_01 for each row
     when (new.source_id like 'whole-bad%') execute function drop_row()`,
  );
  await deliverNow();
  await until('all others are delivered', () => markers() === 5, 30_000);
  expect(await stored('whole-good%')).toBe(8);
  await until('it is said why the others are not', async () => (await reason()).includes('does a trigger or rule'));
  // The next pass finds another reason.
  await testWorker.database.rows(
    `create or replace function drop_row() returns trigger language plpgsql as $$ begin
       insert into no_such_table values (1); return new; end $$`,
  );
  await deliverNow();
  await until('that is told', async () => (await reason()).includes('no_such_table'), 30_000);
  expect(markers()).toBe(5);
  await testWorker.database.rows('drop function drop_row() cascade');
  await deliverNow();
  await until('these are delivered, too', () => markers() === 0, 30_000);
  expect(await stored('whole-%')).toBe(18);
  await until('nothing is told any more', async () => (await reason()) === '');
  await until('no note of it is left', () => testWorker.files('data', 'waiting').length === 0);
});

test('a batch that arrives while others are refused is delivered at once', async () => {
  const deliverer = testWorker.client.workflow.getHandle('deliver-postgres-lines');
  // That of the test before would deliver these batches as well.
  await until('no deliverer runs', async () => (await deliverer.describe()).status.name !== 'RUNNING');
  await testWorker.database.rows(
    `create function drop_row() returns trigger language plpgsql as 'begin return null; end'`,
  );
  await testWorker.database.rows(
    `create trigger drop_row before insert on raw_events_2026_11_01 for each row
     when (new.source_id like 'rest-bad%') execute function drop_row()`,
  );
  await runDeferred(some(2, 'rest-bad'));
  await until('the deliverer rests', async () => (await reason()).includes('does a trigger or rule'));
  await until('it has tried', async () => {
    const { events } = await deliverer.fetchHistory();
    return events?.some((event) => event.timerStartedEventAttributes);
  });
  await whileLedgerIsAway(async () => runDeferred(some(2, 'rest-good')));
  await deliverer.signal('deliver');
  await until('the new one is delivered', () => markers() === 1, 20_000);
  expect(await stored('rest-good%')).toBe(2);
  expect((await deliverer.describe()).status.name).toBe('RUNNING');
  await testWorker.database.rows('drop function drop_row() cascade');
  await deliverer.signal('deliver');
  expect(await deliverer.result()).toMatchObject({ batches: 2 });
});
