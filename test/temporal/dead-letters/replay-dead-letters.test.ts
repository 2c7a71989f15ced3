import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AlertName } from '../../../src/domain/monitoring/alert.ts';
import { replayLettersType } from '../../../src/domain/names.ts';
import type { ReplayResult } from '../../../src/domain/dead-letters/dead-letter-replay.ts';
import type { SourceState } from '../../../src/domain/state/source-state.ts';
import { createDirectoryStore } from '../../../src/store/blobs/directory-store.ts';
import { openAlerts } from '../../../src/store/alerts/alerts.ts';
import { listDeadLetters } from '../../../src/store/dead-letters/dead-letters.ts';
import { discardDeadLetter } from '../../../src/store/dead-letters/dead-letter-visibility.ts';
import type { ReplayDeadLettersInput } from '../../../src/workflows/dead-letters/replay-dead-letters.ts';
import { json, startOrigin, type Origin } from '../../support/servers/origin.ts';
import { TestWorker } from '../../support/test-worker.ts';
import type { TcpProxy } from '../../support/servers/tcp-proxy.ts';
import { startTemporalServer, type TestServer } from '../../support/servers/temporal-server.ts';
import { until } from '../../support/until.ts';

let server: TestServer;
let proxy: TcpProxy;
let origin: Origin;
let testWorker: TestWorker;
let replays = 0;

/** A source whose configuration is wrong, or fixed. */
const yaml = (id: string, at = 'at') => `version: 1
sources:
  - { name: items, type: http_json, url: "${origin.url}/items", allow_private: true, id: ${id}, occurred_at: ${at},
      auth: { type: bearer, token: "\${env:TOKEN}" }, max_reject_ratio: 1 }
`;
const configure = (id: string, at?: string) => testWorker.configure(yaml(id, at));

beforeAll(async () => {
  // Replays continue in a new history after a few pages.
  server = await startTemporalServer(['limit.historyCount.suggestContinueAsNew=60']);
  origin = await startOrigin();
  testWorker = await TestWorker.prepare(yaml('id'), { TOKEN: 'very-secret' }, server.address);
  proxy = await testWorker.proxyPostgres();
});
afterAll(async () => {
  await testWorker?.close();
  await origin?.close();
  await proxy?.close();
  await server?.stop();
});

let prefix = 0;
beforeEach(() => void prefix++);

const items = (count: number, fields: object = {}) =>
  Array.from({ length: count }, (_, n) => ({ key: `${prefix}-${n}`, at: '2026-11-01T00:00:00Z', ...fields }));
const store = () => createDirectoryStore(testWorker.path('data'));
const letters = () => listDeadLetters(store(), {});
const isOpen = async (name: AlertName) => (await openAlerts(store(), 'items')).some((alert) => alert.name === name);
const stored = () =>
  testWorker.database.rows('select source_id, occurred_at from raw_events where source_id like $1 order by 1', [
    `${prefix}-%`,
  ]);
const journal = () => testWorker.csv('items').filter((row) => row['source_id']?.startsWith(`${prefix}-`));

async function start(input: Partial<ReplayDeadLettersInput> = {}) {
  const workflowId = `replay-dead-letters-items-${replays++}`;
  const args = [{ source: 'items', ...input }];
  return testWorker.client.workflow.start(replayLettersType, { workflowId, taskQueue: testWorker.taskQueue, args });
}
const replay = async (input: Partial<ReplayDeadLettersInput> = {}) =>
  (await (await start(input)).result()) as ReplayResult;

describe('replayDeadLetters', () => {
  // Before any worker is killed: the next one would wait until the server forgets it, for it may know the source.
  test.each([
    { source: 'other' },
    { source: 7 },
    null,
    { source: 'items', ids: 'x' },
    { source: 'items', reason: 'odd' },
  ])('refuses the input %j at once', async (input) => {
    const workflowId = `replay-dead-letters-bad-${replays++}`;
    const options = { workflowId, taskQueue: testWorker.taskQueue, args: [input] };
    await expect(testWorker.client.workflow.execute(replayLettersType, options)).rejects.toMatchObject({
      cause: { type: expect.stringMatching(/InvalidInput|UnknownSource/) as string },
    });
  });

  test('stores what passes with the present configuration, and hides it; the rest stays, each once', async () => {
    const wrong = [{ key: `${prefix}-x`, at: 'soon' }, 'no object', { key: `${prefix}-y`, at: 'very-secret' }];
    origin.answer((_url, response) => {
      response.setHeader('etag', '"1"');
      response.end(JSON.stringify([...items(3), ...wrong]));
    });
    configure('id');
    expect(await testWorker.run('items')).toMatchObject({ rejected: 6 });
    expect(await replay()).toMatchObject({ letters: 6, replayed: 0, refused: 4, unreplayable: 2 });
    expect(await letters()).toHaveLength(6);
    configure('key');
    expect(await replay({ reason: 'invalid_time' })).toMatchObject({ letters: 0 });
    const expected = { letters: 6, replayed: 3, written: 3, duplicate: 0, refused: 1, unreplayable: 2, deferred: 0 };
    expect(await replay()).toMatchObject({ ...expected, reasons: { invalid_time: 1 } });
    expect((await stored()).map((row) => row['source_id'])).toEqual([0, 1, 2].map((n) => `${prefix}-${n}`));
    expect(journal()).toHaveLength(3);
    const left = (await letters()).map(({ reason, count }) => `${reason} ${count}`);
    expect(left.sort()).toEqual(['invalid_time 1', 'missing_id 1', 'wrong_shape 1']);
    // Neither a 304 nor what the last poll brought hides them from the next one.
    const state = JSON.parse(readFileSync(testWorker.path('data', 'state', 'items.json'), 'utf8')) as SourceState;
    expect(state.etag).toBe(null);
    expect(state.previousPoll).toEqual([]);
    // Again: those that stay are refused for the same reasons, and stay one letter each.
    expect(await replay()).toMatchObject({ letters: 3, replayed: 0, refused: 1, unreplayable: 2 });
    expect((await letters()).map(({ reason, count }) => `${reason} ${count}`).sort()).toEqual(left);
    expect(testWorker.files('data', 'spool')).toEqual([]);
  });

  test('replays the dead letters that are named', async () => {
    configure('id');
    origin.answer(json(items(3)));
    await testWorker.run('items');
    configure('key');
    const mine = (await letters()).filter(({ record }) => JSON.stringify(record).includes(`"${prefix}-`));
    expect(await replay({ ids: mine.slice(0, 1).map(({ id }) => id) })).toMatchObject({ letters: 1, replayed: 1 });
    expect(await replay({ run: mine[0]?.run ?? '' })).toMatchObject({ letters: 2, replayed: 2 });
    expect(await stored()).toHaveLength(3);
  });

  test('what PostgreSQL refuses stays, and is stored once it no longer does', async () => {
    configure('key');
    await testWorker.database.pool.query(`alter table raw_events add constraint odd check (not payload ? 'odd')`);
    origin.answer(json([...items(1), { ...items(2)[1], odd: true }]));
    expect(await testWorker.run('items')).toMatchObject({ postgres: { written: 1, refused: 1 } });
    const unstorable = async () => (await letters()).filter(({ reason }) => reason === 'unstorable');
    const input = { reason: 'unstorable' as const };
    expect(await replay(input)).toMatchObject({ letters: 1, replayed: 0, refused: 1, reasons: { unstorable: 1 } });
    expect((await unstorable()).map(({ count }) => count)).toEqual([1]);
    await testWorker.database.pool.query('alter table raw_events drop constraint odd');
    expect(await replay(input)).toMatchObject({ letters: 1, replayed: 1, written: 1, refused: 0 });
    expect(await unstorable()).toEqual([]);
    expect(await stored()).toHaveLength(2);
  });

  test('without PostgreSQL defers the records; they are no longer dead letters, and are delivered later', async () => {
    configure('id');
    origin.answer(json(items(3)));
    await testWorker.run('items');
    configure('key');
    const statePath = testWorker.path('data', 'state', 'items.json');
    const state = JSON.parse(readFileSync(statePath, 'utf8')) as SourceState;
    // As if it had been unavailable at the last run: it is tried only once.
    writeFileSync(statePath, JSON.stringify({ ...state, sinkDownSince: { postgres: '2026-11-01T00:00:00.000Z' } }));
    proxy.down();
    expect(await replay({ reason: 'missing_id' })).toMatchObject({ letters: 4, replayed: 3, written: 0, deferred: 3 });
    expect(journal()).toHaveLength(3);
    expect(await stored()).toEqual([]);
    proxy.up();
    await until('it is delivered', async () => (await stored()).length === 3);
  });

  test('of many, killed repeatedly, stores each once and loses none', async () => {
    const count = 8_000;
    configure('id');
    origin.answer(json(items(count, { text: 'x'.repeat(500) })));
    await testWorker.run('items');
    configure('key');
    const handle = await start({ reason: 'missing_id' });
    for (let kill = 0; kill < 3; kill++) {
      await sleep(700);
      await testWorker.stopWorker();
      await testWorker.startWorker();
    }
    const result = (await testWorker.client.workflow.getHandle(handle.workflowId).result()) as ReplayResult;
    expect(result).toMatchObject({ letters: count + 1, replayed: count, unreplayable: 1 });
    expect(result.written + result.duplicate).toBe(count);
    expect(await stored()).toHaveLength(count);
    expect(new Set(journal().map((row) => row['source_id'])).size).toBe(count);
    expect((await letters()).filter(({ reason }) => reason === 'missing_id')).toHaveLength(1);
    const { continuedExecutionRunId } =
      (await testWorker.client.workflow.getHandle(handle.workflowId).fetchHistory()).events?.[0]
        ?.workflowExecutionStartedEventAttributes ?? {};
    expect(continuedExecutionRunId).toBeTruthy();
    expect(JSON.stringify(await testWorker.client.workflow.getHandle(handle.workflowId).fetchHistory())).not.toContain(
      'xxxx',
    );
  });

  test('cancelled keeps what is stored and leaves the rest as it was', async () => {
    configure('id');
    origin.answer(json(items(5_000)));
    await testWorker.run('items');
    configure('key');
    const handle = await start({ reason: 'missing_id' });
    await until('a page is stored', async () => (await stored()).length > 0);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(/cancelled/i);
    const left = (await letters()).filter(({ record }) => JSON.stringify(record).includes(`"${prefix}-`)).length;
    expect((await stored()).length + left).toBe(5_000);
    expect(await replay({ reason: 'missing_id' })).toMatchObject({ replayed: left });
    expect(await stored()).toHaveLength(5_000);
  });
});

describe('a source whose configuration is wrong', () => {
  test('names records that share an id on their page, and changes nothing; a better id stores them', async () => {
    const kinds = items(6).map((item, n) => ({ ...item, kind: `kind-${prefix}-${n % 2}` }));
    origin.answer(json(kinds));
    configure('kind');
    const receipt = await testWorker.run('items');
    expect(receipt).toMatchObject({ outcome: 'ok', fetched: 6, accepted: 6, rejected: 0 });
    expect(receipt.postgres).toMatchObject({ written: 2, duplicate: 4 });
    expect(receipt.warnings).toMatchObject([{ code: 'state_changed' }, { code: 'duplicate_id', count: 4 }]);
    expect(await isOpen('duplicate_id')).toBe(true);
    const shared = async () => (await letters()).filter(({ reason }) => reason === 'duplicate_id');
    const kept = await shared();
    expect(new Set(kept.map(({ index }) => index))).toEqual(new Set([2, 3, 4, 5]));
    expect(kept).toHaveLength(4);
    const expected = { replayed: 0, refused: 4, reasons: { duplicate_id: 4 }, unreplayable: 0 };
    expect(await replay({ reason: 'duplicate_id' })).toMatchObject(expected);
    expect(await shared()).toEqual(kept);
    configure('key');
    expect(await testWorker.run('items')).toMatchObject({ accepted: 6, postgres: { written: 6, duplicate: 0 } });
    expect(await isOpen('duplicate_id')).toBe(false);
    for (const { id } of kept) await discardDeadLetter(store(), id, new Date());
  });

  test('are not needed to learn of a source whose records are all refused', async () => {
    origin.answer(json(items(5)));
    configure('id');
    expect(await testWorker.run('items')).toMatchObject({ outcome: 'partial', rejected: 5 });
    expect(await isOpen('all_rejected')).toBe(true);
    configure('key');
    expect(await replay({ reason: 'missing_id' })).toMatchObject({ written: 5 });
    await testWorker.run('items');
    expect(await isOpen('all_rejected')).toBe(false);
  });
});
