import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DamagedFile, SinkUnavailable } from '../../src/domain/errors.ts';
import { storeName } from '../../src/domain/storage/store-setting.ts';
import { createBucketJournal } from '../../src/store/journal/bucket/bucket-journal.ts';
import type { Journal } from '../../src/store/journal/journal.ts';
import { createS3Store, type S3Store } from '../../src/store/s3/s3-store.ts';
import { startFaultProxy, type Fault, type FaultProxy } from '../support/servers/fault-proxy.ts';
import { day, putPart, rowsOf, source } from '../support/journal-contract.ts';
import { record } from '../unit/sinks/records.ts';
import { server, settingOf } from './s3-setting.ts';

const timeouts = { connectMs: 500, idleMs: 400, answerMs: 1_000 };
const context = { signal: new AbortController().signal, onProgress: () => {} };
const slowDown: Fault = { answer: { status: 503, code: 'SlowDown' } };
const doneThen500: Fault = { answer: { status: 500, code: 'InternalError' }, after: true };

let proxy: FaultProxy;
/** Through the proxy, and without faults. */
let journal: Journal;
let quiet: Journal;
let store: S3Store;

beforeAll(async () => {
  proxy = await startFaultProxy(server?.endpoint ?? 'http://127.0.0.1:1');
});
beforeEach(async () => {
  const setting = settingOf(server, proxy.endpoint);
  const open = (blobs: S3Store) => createBucketJournal({ name: storeName(setting), blobs }, { name: 'store', blobs });
  store = createS3Store({ ...setting, endpoint: server?.endpoint ?? null });
  const through = createS3Store(setting, timeouts);
  [journal, quiet] = [open(through), open(store)];
  if (server === null) return;
  await through.prove();
  await putPart(quiet, '08:00:00', [record('z')]);
  await quiet.sealDay({ source, day }, context);
  for (const id of ['a', 'b']) await putPart(quiet, id === 'a' ? '10:00:00' : '10:00:01', [record(id)]);
});
afterEach(() => proxy.reset());
afterAll(() => proxy.close());

const requests: readonly [string, RegExp][] = [
  ['the listing', /list-type=2/],
  ['the reading of a part', /^GET .*T100000000Z/],
  ['the reading of the sealed file', /^GET .*\.g1\.\w+\.csv\.gz/],
  ['the reading of a manifest', /^GET .*\.g1\.json/],
  ['the sealed file', /^PUT .*\.g2\.\w+\.csv\.gz/],
  ['the manifest', /^PUT .*\.g2\.json/],
  ['the deletion of the former manifest', /^DELETE .*\.g1\.json/],
  ['the deletion of the former file', /^DELETE .*\.g1\.\w+\.csv\.gz/],
  ['the deletion of a part', /^DELETE .*T100000000Z/],
];
const faults: readonly [string, readonly Fault[] | 'always'][] = [
  ['answered 503', [slowDown]],
  ['dropped', ['drop']],
  ['done, its answer lost', ['lose']],
  ['done, and answered 500', [doneThen500]],
  ['dropped each time', 'always'],
];
const all = ['z {}', 'a {}', 'b {}'];

describe.skipIf(server === null)('sealing in a bucket', () => {
  test.each(requests.flatMap(([request, line]) => faults.map(([fault, each]) => ({ request, fault, line, each }))))(
    'loses and doubles nothing if $request is $fault',
    async ({ line, each }) => {
      if (each === 'always') proxy.always(line);
      else proxy.next(line, ...each);
      const outcome = await journal.sealDay({ source, day }, context).catch((error: unknown) => error);
      expect(outcome === true || (outcome instanceof SinkUnavailable && !(outcome instanceof DamagedFile))).toBe(true);
      proxy.reset();
      expect(new Set(await rowsOf(quiet))).toEqual(new Set(all));
      await quiet.sealDay({ source, day }, context);
      expect(await rowsOf(quiet)).toEqual(all);
      expect(await store.list('')).toHaveLength(2);
    },
  );

  test.each<Fault>(['cut', 'stall'])('reads a body on that is %s', async (fault) => {
    proxy.next(/^GET .*\.csv/, fault, fault, fault);
    expect(await rowsOf(journal)).toEqual(all);
  });
});
