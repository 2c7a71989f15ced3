import { afterEach, describe, expect, test } from 'vitest';
import { createBucketJournal } from '../../../../src/store/journal/bucket/bucket-journal.ts';
import { createMemoryStore } from '../../../support/memory-store.ts';
import { startOrigin, type Origin } from '../../../support/servers/origin.ts';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';
import { FanOutWorker, takeRequests } from './fan-out-worker.ts';

const folder = useTemporaryFolder();
let origin: Origin;
let worker: FanOutWorker;

afterEach(async () => {
  await worker.close();
  await origin.close();
});

describe('for_each with a journal in a bucket', () => {
  test('requests each record once, before and after its day is sealed, and keeps what it has not passed', async () => {
    origin = await startOrigin((url, response) => {
      response.end(JSON.stringify([{ id: url.pathname, at: '2026-11-23T10:00:00Z' }]));
    });
    const [store, parts] = [createMemoryStore(), createMemoryStore()];
    const journal = createBucketJournal({ name: 's3://b/csv', blobs: parts }, { name: 's3://b', blobs: store });
    worker = new FanOutWorker(
      folder.path,
      `  - { name: issues, type: file, path: issues.ndjson, id: id, occurred_at: at }
  - { name: comments, type: http_json, url: "${origin.url}/\${parent:id}", id: id, occurred_at: at, for_each: { source: issues, revisit: 100d } }\n`,
      { store, journal, parts },
    );
    const requested = () => takeRequests(origin);
    const seal = () => worker.run<object>(worker.activities.sealCsv, { dryRun: false });
    const minute = (number: number) => new Date(Date.UTC(2026, 10, 20, 10, number));
    const old = new Date('2026-01-01');

    await worker.storeParents('issues', [{ id: 1 }, { id: 2 }], minute(1), old);
    await worker.storeParents('issues', [{ id: 3 }], minute(2));
    expect(await seal()).toMatchObject({ sealed: [], waiting: ['issues 2026-11-20'] });
    await worker.poll('comments');
    expect(requested()).toEqual(['/1', '/2', '/3']);
    expect(await seal()).toMatchObject({ sealed: ['issues 2026-11-20'], waiting: [] });
    await worker.storeParents('issues', [{ id: 4 }], minute(3), old);
    await worker.poll('comments');
    expect(requested()).toEqual(['/4', '/3']);
    expect(await seal()).toMatchObject({ sealed: ['issues 2026-11-20'] });
    await worker.poll('comments');
    expect(requested()).toEqual(['/3']);
  });
});
