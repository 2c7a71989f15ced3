import { describe, expect, test } from 'vitest';
import type { Alert } from '../../../../src/domain/monitoring/alert.ts';
import type { BatchRef } from '../../../../src/domain/run/batch.ts';
import { deleteBatch, readBatch, spoolRecords } from '../../../../src/store/delivery/batches.ts';
import {
  anyReadable,
  markDeferred,
  readMarker,
  takeMarker,
  unreadableMarkers,
} from '../../../../src/store/delivery/deferred.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { storePaths } from '../../../../src/store/paths/paths.ts';
import { settingAside } from '../../../../src/store/alerts/store-alert.ts';
import { readWaiting } from '../../../../src/status/deferred.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const folder = useTemporaryFolder();
const now = new Date('2026-11-23T10:00:00.000Z');

function open() {
  const reported: Alert[] = [];
  const store = settingAside(createDirectoryStore(folder.path), (alert) => reported.push(alert));
  /** Defers a batch of one record, and returns it with its marker's path. */
  const defer = async (number = 0, firstRunId = 'run-1', ingestedAt = now) => {
    const record = {
      sourceId: `${number}`,
      occurredAt: 0n,
      payload: '{"a":"b\\n"}',
      repaired: false,
      timeFromRecord: true,
      // A marker that was rebuilt does not know it.
      cursorTime: null,
    };
    const run = { source: 'news', workflowId: 'scrape/news', firstRunId };
    const [batch] = await spoolRecords(store, run, number, [record, record], ingestedAt);
    await markDeferred(store, 'postgres', { batch: batch!, reason: 'away', since: '2026-11-23T10:02:00.000Z' });
    return { batch: batch!, path: storePaths.marker.build({ sink: 'postgres', ...batch! }) };
  };
  return { store, reported, defer };
}

const taken = async (...of: Parameters<typeof takeMarker>) => {
  const found = await takeMarker(...of);
  return found && 'ok' in found ? found.ok.batch : found;
};

describe('a damaged marker', () => {
  test.each([
    ['', 'emptied'],
    ['[]', 'of another shape'],
    ['{"batch":{}', 'cut short'],
  ])('%j is rebuilt from its name and the batch, with the number in its run', async (content) => {
    const { store, reported, defer } = open();
    for (const number of [0, 7]) {
      const { batch, path } = await defer(number);
      await store.put(path, content);
      expect(await taken(store, path)).toEqual(batch);
      expect(await readMarker(store, path)).toEqual({
        ok: { batch, reason: expect.any(String), since: batch.ingestedAt },
      });
    }
    expect(reported).toEqual([]);
  });

  test.each<[string, Partial<BatchRef>]>([
    ['another hash', { hash: 'ab'.repeat(32) }],
    ['another source', { source: 'other' }],
    ['another time', { ingestedAt: '2026-11-23T10:00:00.001Z' }],
    ['another run', { firstRunId: 'run-2' }],
    ['another workflow', { workflowId: 'scrape-news' }],
  ])('that names %s, in good JSON, is rebuilt', async (_what, fields) => {
    const { store, defer } = open();
    const { batch, path } = await defer();
    await store.put(path, JSON.stringify({ batch: { ...batch, ...fields }, reason: 'x', since: batch.ingestedAt }));
    const found = await taken(store, path);
    expect(found).toEqual(batch);
    expect(await readBatch(store, found as BatchRef)).toHaveLength(2);
  });

  test.each(['gone', 'damaged'])('whose batch is %s stays under its name, and is reported once', async (how) => {
    const { store, reported, defer } = open();
    const { batch, path } = await defer();
    const good = await defer(1);
    await (how === 'gone' ? deleteBatch(store, batch) : store.put(storePaths.batch.build(batch), 'x'));
    await store.put(path, 'x');
    for (let n = 0; n < 2; n++)
      expect(await taken(store, path)).toEqual({ damaged: expect.stringMatching(/^is not valid JSON/) });
    expect((await store.get(path))?.toString()).toBe('x');
    expect(await unreadableMarkers(store, 'news')).toEqual([path]);
    expect(reported).toMatchObject([
      { name: 'store', source: 'news', message: expect.stringContaining(path) as string },
    ]);
    expect(await anyReadable(store, [path])).toBe(false);
    expect(await anyReadable(store, [path, good.path])).toBe(true);
  });

  test('is named by status, which shows since when and why the others wait', async () => {
    const { store, defer } = open();
    const { path } = await defer();
    await defer(1, 'run-1', new Date(now.getTime() + 1));
    await store.put(path, '');
    const waits = { sink: 'postgres', batches: 2, since: '2026-11-23T10:02:00.000Z', reason: `away; damaged: ${path}` };
    expect((await readWaiting(store)).get('news')).toEqual([waits]);
  });

  test('that is gone meanwhile is not damage', async () => {
    const { store, reported, defer } = open();
    const { path } = await defer();
    await store.delete(path);
    expect(await taken(store, path)).toBe(null);
    expect(await readMarker(store, path)).toBe(null);
    expect(reported).toEqual([]);
  });
});

test('a marker whose batch is gone is read: an operator has to know which records were lost', async () => {
  const { store, defer } = open();
  const { batch, path } = await defer();
  await deleteBatch(store, batch);
  expect(await taken(store, path)).toEqual(batch);
});
