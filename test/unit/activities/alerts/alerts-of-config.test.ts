import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ActivityDependencies } from '../../../../src/activities/support/dependencies.ts';
import { createNotifyAlerts } from '../../../../src/activities/alerts/notify-alerts.ts';
import { createActivities } from '../../../../src/activities/index.ts';
import type { Alert } from '../../../../src/domain/monitoring/alert.ts';
import { canarySource, noSource } from '../../../../src/domain/names.ts';
import { openAlerts, settleAlerts } from '../../../../src/store/alerts/alerts.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';
import { activityEnvironment } from '../environment.ts';
import { configOf } from '../../worker/observed.ts';

const folder = useTemporaryFolder();
let dependencies: ActivityDependencies;
let reported: string[];
let file: string;

beforeEach(() => {
  reported = [];
  file = join(folder.path, 'daybook.yaml');
  dependencies = {
    store: createDirectoryStore(folder.path),
    config: configOf(folder.path, 'news', 'wire'),
    lookUp: () => undefined,
    http: { tokens: { redact: (text: string) => text } },
    alertWebhook: async ({ name, source, state }: Alert) => void reported.push(`${state} ${name} ${source}`),
    identity: 'worker-1',
    databaseId: async () => null,
    searchAttribute: () => true,
  } as unknown as ActivityDependencies;
});

const run = async (source: string) => {
  await activityEnvironment(dependencies).run(createActivities(dependencies).resolveSource, { source });
  await activityEnvironment(dependencies).run(createNotifyAlerts(dependencies), { source });
};
const open = async () => (await openAlerts(dependencies.store)).map(({ name, source }) => `${name} ${source}`);

describe('the alert of a broken configuration', () => {
  test('is one alert for all sources, and any run reports and resolves it', async () => {
    writeFileSync(file, 'version: 1\nsources: [');
    for (const source of ['news', 'wire', 'news']) await run(source);
    expect(await open()).toEqual(['config daybook']);
    expect(reported).toEqual(['open config daybook']);
    dependencies = { ...dependencies, config: configOf(folder.path, 'news', 'wire') };
    await run('wire');
    expect(await open()).toEqual([]);
    expect(reported.at(-1)).toBe('resolved config daybook');
  });

  test('that an earlier version opened for each source is resolved by its next run', async () => {
    await settleAlerts(dependencies.store, 'news', [{ name: 'config', message: 'broken' }], new Date());
    await run('news');
    expect(await open()).toEqual([]);
  });
});

describe('alerts of a source that is gone from the configuration', () => {
  test('are resolved by the next run of any other, and the webhook is notified', async () => {
    const { store } = dependencies;
    for (const source of ['gone', 'wire', noSource, canarySource]) {
      await settleAlerts(store, source, [{ name: 'run_failed', message: 'no' }], new Date());
    }
    await settleAlerts(store, 'gone', [{ name: 'store', message: 'a damaged file' }], new Date());
    await run('news');
    expect(new Set(await open())).toEqual(
      new Set([`run_failed ${canarySource}`, 'run_failed daybook', 'run_failed wire', 'store gone']),
    );
    expect(reported).toContain('resolved run_failed gone');
    expect(reported).not.toContain('open run_failed wire');
  });

  test('stay while the configuration is broken: the last good one may know less', async () => {
    await settleAlerts(dependencies.store, 'gone', [{ name: 'run_failed', message: 'no' }], new Date());
    writeFileSync(file, 'version: 1\nsources: [');
    await run('news');
    expect(await open()).toContain('run_failed gone');
  });
});
