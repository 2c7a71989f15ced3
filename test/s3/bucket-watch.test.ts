import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Context } from '../../src/cli/options/context.ts';
import { readStorage } from '../../src/cli/output/status-view/status-storage.ts';
import type { Alert } from '../../src/domain/monitoring/alert.ts';
import { storeName } from '../../src/domain/storage/store-setting.ts';
import { openStores } from '../../src/store/open-stores.ts';
import { createLogger } from '../../src/worker/logger.ts';
import { AlertMemory } from '../../src/worker/storage/alert-memory.ts';
import { StorageWatch } from '../../src/worker/storage/storage-watch.ts';
import { startFaultProxy, type FaultProxy } from '../support/servers/fault-proxy.ts';
import { server, settingOf } from './s3-setting.ts';

let proxy: FaultProxy;
let posted: Alert[];
let watch: StorageWatch;
let name: string;
beforeAll(async () => {
  proxy = await startFaultProxy(server?.endpoint ?? 'http://127.0.0.1:1');
});
beforeEach(async () => {
  posted = [];
  const alerts = new AlertMemory(createLogger({ level: 'silent', redact: (text) => text, write: () => undefined }));
  alerts.setWebhook(async (alert) => void posted.push(alert));
  const store = settingOf(server, proxy.endpoint);
  name = storeName(store);
  watch = new StorageWatch(openStores({ store, dataFolder: '/nowhere' }), null, alerts);
  if (server !== null) await watch.probe();
});
afterEach(() => proxy.reset());
afterAll(() => proxy.close());

const denied = { answer: { status: 403, code: 'AccessDenied' } } as const;

describe.skipIf(server === null)('StorageWatch of a bucket', () => {
  test('finds nothing wrong with one that is in order', () => {
    expect(watch.problems()).toEqual([]);
    expect(watch.status()).toMatchObject([
      { part: 'store', folder: name, freeBytes: null, error: null, since: null },
      { part: 'journal', folder: `${name}/csv`, error: null },
    ]);
  });

  test('names one that is unavailable, alerts, and ends the alert once it is back', async () => {
    proxy.always(/./, 'drop');
    await expect(watch.store('store').put('state/news.json', 'x')).rejects.toThrow('could not write');
    await watch.probe();
    expect(watch.problems()[0]).toMatch(`the store (${name}) cannot be used: could not write ${name}/`);
    expect(posted).toMatchObject([{ name: 'store', source: 'daybook', state: 'open' }]);
    proxy.reset();
    await watch.probe();
    expect(watch.problems()).toEqual([]);
    expect(posted.at(-1)).toMatchObject({ name: 'store', state: 'resolved' });
  });

  test('names a right that is missing alone, until it is granted', async () => {
    proxy.always(/list-type=2/, denied);
    await expect(watch.store('store').list('deferred')).rejects.toThrow('could not list');
    await watch.probe();
    expect(watch.problems().join('\n')).toMatch(/cannot be used: could not list .*grant s3:ListBucket/);
    await watch.store('store').put('a', 'x');
    expect(watch.problems()).toHaveLength(1);
    proxy.reset();
    await watch.probe();
    expect(watch.problems()).toEqual([]);
  });

  test('is shown by a command with the advice', async () => {
    proxy.always(/list-type=2/, denied);
    const environment = { store: settingOf(server, proxy.endpoint), dataFolder: '/nowhere' };
    const context = { environment, home: { lockHolder: () => null } } as unknown as Context;
    const [status] = await readStorage(context, true, new Date());
    expect(status?.error).toMatch(/^could not list .*grant s3:ListBucket on arn:aws:s3:::daybook$/);
  });

  test('forgives a failure that the next request does not have', async () => {
    proxy.next(/^GET/, denied);
    await expect(watch.store('store').get('a')).rejects.toThrow('could not read');
    await watch.store('store').get('a');
    await watch.probe();
    expect(posted).toEqual([]);
  });

  test('asks nothing while writes succeed', async () => {
    await watch.store('store').put('a', 'x');
    await watch.store('journal').put('b', 'x');
    const before = proxy.seen.length;
    for (let n = 0; n < 3; n++) await watch.probe();
    expect(proxy.seen.slice(before).map(({ line }) => line)).toEqual([]);
  });
});
