import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Alert } from '../../../../src/domain/monitoring/alert.ts';
import { settleAlerts } from '../../../../src/store/alerts/alerts.ts';
import { openStores } from '../../../../src/store/open-stores.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { createLogger } from '../../../../src/worker/logger.ts';
import { AlertMemory } from '../../../../src/worker/storage/alert-memory.ts';
import { StorageWatch } from '../../../../src/worker/storage/storage-watch.ts';
import { until } from '../../../support/until.ts';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';

const folder = useTemporaryFolder();
let root: string;
let posted: Alert[];
let alerts: AlertMemory;
let watch: StorageWatch;
beforeEach(async () => {
  root = join(folder.path, 'data');
  posted = [];
  alerts = new AlertMemory(createLogger({ level: 'silent', redact: (text) => text, write: () => undefined }));
  alerts.setWebhook(async (alert) => void posted.push(alert));
  watch = new StorageWatch(openStores({ store: { kind: 'directory', folder: root }, dataFolder: root }), null, alerts);
  await watch.probe();
});

/** A file is instead of the folder: a missing folder would be created again. */
async function away(): Promise<void> {
  renameSync(root, `${root}.away`);
  writeFileSync(root, '');
  await until('it is noticed', () => watch.probe().then(() => watch.problems().length > 0));
}
async function back(): Promise<void> {
  rmSync(root);
  renameSync(`${root}.away`, root);
  await until('it is noticed', () => watch.probe().then(() => watch.problems().length === 0));
}
const kept: Alert = {
  name: 'run_failed',
  source: 'news',
  state: 'open',
  since: '2026-11-01T09:00:00.000Z',
  message: 'no room',
};

describe('StorageWatch', () => {
  test('opens one alert for all that cannot be written, and resolves it', async () => {
    expect(watch.status().map(({ part, error }) => [part, error])).toEqual([
      ['store', null],
      ['journal', null],
    ]);
    await away();
    expect(watch.problems()).toHaveLength(2);
    expect(alerts.all()).toMatchObject([{ name: 'store', source: 'daybook', state: 'open' }]);
    expect(alerts.all()[0]?.message).toMatch(
      /^the store \(\S+data\) cannot be written: .*; the journal \(\S+csv\) cannot/,
    );
    await back();
    expect(alerts.all()).toEqual([]);
    expect(posted.map(({ name, state }) => [name, state])).toEqual([
      ['store', 'open'],
      ['store', 'resolved'],
    ]);
  });

  test('lets go of what was kept once the store has it', async () => {
    await away();
    alerts.open(kept);
    await back();
    expect(alerts.all()).toEqual([kept]);
    await settleAlerts(createDirectoryStore(root), 'news', [{ name: 'run_failed', message: 'no room' }], new Date());
    await watch.probe();
    expect(alerts.all()).toEqual([]);
    expect(posted.filter(({ name }) => name === 'run_failed').map(({ state }) => state)).toEqual(['open']);
  });

  test('ends an alert that was not stored for three minutes: its run was given up', async () => {
    await away();
    alerts.open(kept);
    await back();
    vi.useFakeTimers({ now: Date.now() + 181_000, toFake: ['Date'] });
    try {
      await watch.probe();
    } finally {
      vi.useRealTimers();
    }
    expect(alerts.all()).toEqual([]);
    expect(posted.at(-1)).toMatchObject({ name: 'run_failed', state: 'resolved' });
  });

  test('says last what the store has of the same name', async () => {
    await settleAlerts(
      createDirectoryStore(root),
      'daybook',
      [{ name: 'store', message: 'a file is damaged' }],
      new Date(),
    );
    await away();
    await back();
    expect(posted.at(-1)).toMatchObject({ name: 'store', state: 'open', message: 'a file is damaged' });
  });
});
