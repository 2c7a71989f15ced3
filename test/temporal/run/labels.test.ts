import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAlerts } from '../../../src/store/alerts/alerts.ts';
import { createDirectoryStore } from '../../../src/store/blobs/directory-store.ts';
import { openConfigFile } from '../../../src/config/file/config-file.ts';
import { lookUpIn } from '../../../src/config/secrets/references.ts';
import { LabelWatch } from '../../../src/worker/labels/label-watch.ts';
import { createLogger } from '../../../src/worker/logger.ts';
import { startWebhook, type Webhook } from '../../support/servers/webhook.ts';
import { TestWorker } from '../../support/test-worker.ts';
import { until } from '../../support/until.ts';

const yaml = `version: 1
sources:
  - { name: lines, type: file, path: lines.ndjson, id: id, occurred_at: at, runs_on: office }
`;
let testWorker: TestWorker;
let webhook: Webhook;

beforeAll(async () => {
  webhook = await startWebhook();
  testWorker = await TestWorker.create(yaml);
  writeFileSync(testWorker.path('lines.ndjson'), '{"id":1,"at":"2026-11-01T00:00:00Z"}\n');
});
afterAll(async () => {
  await testWorker?.close();
  await webhook?.close();
});

/** The activities of a run, in order, each with its queue. */
async function activitiesOf(handle: Awaited<ReturnType<TestWorker['start']>>): Promise<string[]> {
  const { events = [] } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => {
    if (!scheduled) return [];
    const queue = scheduled.taskQueue?.name === testWorker.taskQueue ? 'any worker' : scheduled.taskQueue?.name;
    return [`${scheduled.activityType?.name}: ${queue}`];
  });
}

function watchOf(name: string): LabelWatch {
  const config = openConfigFile(testWorker.path('daybook.yaml'), lookUpIn({}));
  return new LabelWatch({
    config,
    store: createDirectoryStore(testWorker.path('data')),
    client: testWorker.client,
    instance: testWorker.instance,
    identity: name,
    webhook: async (alert) => {
      webhook.posted.push(alert);
    },
    logger: createLogger({ level: 'silent', redact: (text) => text, write: () => {} }),
  });
}

const open = () => openAlerts(createDirectoryStore(testWorker.path('data')));
const later = (ms: number) => new Date(Date.now() + ms);

describe('a source that runs on a label', () => {
  test('waits for a worker with the label, is an alert after a minute, and is fetched there alone', async () => {
    const handle = await testWorker.start({ source: 'lines' });
    await until('its fetch is scheduled', async () => (await activitiesOf(handle)).length === 2);
    const [first, second] = [watchOf('first'), watchOf('second')];
    await first.look();
    await second.look();
    await first.look(later(50_000));
    expect(await open()).toEqual([]);
    await first.look(later(61_000));
    expect(await open()).toMatchObject([
      {
        name: 'no_worker',
        source: 'daybook',
        message:
          'no worker has the label "office", so 1 source (lines) cannot be fetched; start a worker with DAYBOOK_LABELS=office, or change runs_on',
      },
    ]);
    // The same finding of another worker is no new alert.
    await second.look(later(61_000));
    expect(webhook.posted.map(({ name, state }) => `${name} ${state}`)).toEqual(['no_worker open']);
    // One that knows no source with a label leaves it to those that do.
    testWorker.configure(yaml.replace(', runs_on: office', ''));
    await watchOf('third').look(later(62_000));
    expect(await open()).toHaveLength(1);
    testWorker.configure(yaml);

    const withoutLabel = testWorker.worker;
    testWorker.labels = ['office', 'dmz'];
    await testWorker.startWorker();
    expect(await handle.result()).toMatchObject({ outcome: 'ok', postgres: { written: 1 } });
    expect(await activitiesOf(handle)).toEqual([
      'resolveSource: any worker',
      `fetchBatch: ${testWorker.taskQueue}.office`,
      'writeAndFinish: any worker',
    ]);
    await first.look(later(63_000));
    await second.look(later(63_000));
    expect(await open()).toEqual([]);
    expect(webhook.posted.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'no_worker open',
      'no_worker resolved',
    ]);
    expect(await testWorker.worker?.notReadyReasons()).toEqual([]);
    await withoutLabel?.stop();
  });

  test('keeps its state where the label changes', async () => {
    testWorker.configure(yaml.replace('office', 'dmz'));
    const handle = await testWorker.start({ source: 'lines' });
    expect(await handle.result()).toMatchObject({ outcome: 'unchanged' });
    expect(await activitiesOf(handle)).toEqual([
      'resolveSource: any worker',
      `fetchBatch: ${testWorker.taskQueue}.dmz`,
      'finishRun: any worker',
    ]);
  });
});
