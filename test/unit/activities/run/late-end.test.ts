import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { endPoll, type EndedPoll } from '../../../../src/activities/run/end-poll.ts';
import { createFinishRun } from '../../../../src/activities/run/finish-run.ts';
import { createReleaseBatches } from '../../../../src/activities/run/release-batches.ts';
import { createSaveReceipt } from '../../../../src/activities/run/save-receipt.ts';
import { createSaveState } from '../../../../src/activities/run/save-state.ts';
import type { ActivityDependencies } from '../../../../src/activities/support/dependencies.ts';
import { openConfigFile } from '../../../../src/config/file/config-file.ts';
import { planOf } from '../../../../src/config/plan/plan.ts';
import { noopMetrics } from '../../../../src/domain/run/metrics.ts';
import { emptyTally } from '../../../../src/domain/run/receipt.ts';
import { initialState } from '../../../../src/domain/state/source-state.ts';
import { KnownAlerts } from '../../../../src/store/alerts/known-alerts.ts';
import type { BlobStore } from '../../../../src/store/blobs/blob-store.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { createFeedItemsStore } from '../../../../src/store/run/feed-items.ts';
import { createFileProgressStore } from '../../../../src/store/run/file-progress.ts';
import { LastRuns } from '../../../../src/store/run/last-runs.ts';
import { createSeenKeys } from '../../../../src/store/run/seen-keys.ts';
import { openSourceTools } from '../../../../src/worker/resources.ts';
import { createLatch } from '../../../support/latch.ts';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';
import { activityEnvironment } from '../environment.ts';

const folder = useTemporaryFolder();
const startedAt = new Date().toISOString();
/** When the last step ends its run. */
const lastAt = new Date(Date.now() + 60_000).toISOString();
const run = { source: 'news', workflowId: 'scrape-news-1', firstRunId: 'run-1' };
const counts = { ...emptyTally.csv, written: 2 };
const tally = { ...emptyTally, fetched: 2, accepted: 2, batches: 1, pages: 1, csv: counts, postgres: counts };

/** A store in which each write of a receipt first waits for this. */
let beforeReceipt: () => Promise<void>;
let noted: string[];
let finish: ReturnType<typeof createFinishRun>;
let poll: EndedPoll;
let close: () => Promise<unknown>;
let dependencies: ActivityDependencies;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  beforeReceipt = async () => undefined;
  noted = [];
  const file = join(folder.path, 'daybook.yaml');
  writeFileSync(
    file,
    'version: 1\nsources: [{ name: news, type: http_json, url: "http://a.test", id: id, occurred_at: at }]\n',
  );
  const config = openConfigFile(file, () => undefined);
  const directory = createDirectoryStore(join(folder.path, 'data'));
  const store: BlobStore = {
    ...directory,
    async put(path, content) {
      if (path.startsWith('receipts/')) await beforeReceipt();
      await directory.put(path, content);
    },
  };
  const settings = { config, proxies: {}, lookUp: () => undefined };
  const { close: closeTools, ...tools } = openSourceTools(settings as never, store, noopMetrics);
  const lastRuns = new LastRuns({ store, worker: 'a', isConfigured: () => true, onError: () => undefined });
  close = async () => {
    await lastRuns.close();
    await closeTools();
  };
  dependencies = {
    ...tools,
    store,
    config,
    lastRuns,
    lookUp: () => undefined,
    alertWebhook: null,
    knownAlerts: new KnownAlerts(),
    keepAlert: () => undefined,
    onReceipt: ({ finishedAt }: { finishedAt: string }) => noted.push(finishedAt),
    pollKeys: createSeenKeys(store),
    fileProgress: createFileProgressStore(store),
    feedItems: createFeedItemsStore(store),
  } as unknown as ActivityDependencies;
  finish = createFinishRun({
    saveState: createSaveState(dependencies),
    saveReceipt: createSaveReceipt(dependencies),
    releaseBatches: createReleaseBatches(dependencies),
    store,
  });
  const [configured] = config.current().config.sources;
  const state = initialState({ fetchFingerprint: 'f', shapeFingerprint: 's', databaseId: null });
  const end = { cutShort: false, notModified: false, notBefore: null };
  const facts = { patch: {}, end, startedAt, continues: false, window: null, warnings: [] };
  poll = { run, plan: planOf(config.current().config, configured!), state, ...facts };
});
afterEach(async () => {
  vi.useRealTimers();
  await close();
});

const inActivity = <T>(work: () => Promise<T>) => activityEnvironment(dependencies).run(work);
/** An attempt that ends its run before the step that is there for it. */
const early = (more: Partial<EndedPoll> = {}) =>
  inActivity(() => endPoll(finish, { ...poll, ...more }, tally, [], performance.now()));
/** That step, at a time that its workflow knows. */
async function last(): Promise<void> {
  const { plan: _, state, ...facts } = poll;
  const receipt = { ...tally, ...run, runId: run.firstRunId, outcome: 'ok' as const, resume: { watermark: null } };
  const { firstRunId: __, ...stored } = { ...receipt, startedAt, finishedAt: lastAt };
  const rest = { clean: true, release: [], again: true, poll: { epoch: 0, end: facts.end } };
  await inActivity(() => finish({ receipt: stored, verdicts: [], state, ...rest }));
}
const receipts = () => folder.files().filter((path) => path.includes('/receipts/'));
const lasts = expect.stringContaining(lastAt.replaceAll(/[-:.]/g, '')) as string;

test('an end of a run that hangs in a slow store until another step has ended the run leaves one receipt', async () => {
  const [writing, answer] = [createLatch(), createLatch()];
  beforeReceipt = () => {
    beforeReceipt = async () => undefined;
    writing.open();
    return answer.opened;
  };
  const hanging = early();
  await writing.opened;
  vi.advanceTimersByTime(60_000);
  await last();
  answer.open();
  await expect(hanging).rejects.toThrow('storing the receipt took too long');
  expect(receipts()).toEqual([lasts]);
  expect(noted).toEqual([lastAt]);
});

test('an end that took too long leaves its receipt to the step after it, which may still come', async () => {
  beforeReceipt = async () => void vi.advanceTimersByTime(9_000);
  await expect(early()).rejects.toThrow('storing the receipt took too long');
  expect(receipts()).toEqual([]);
  await last();
  expect(receipts()).toEqual([lasts]);
});

test('an end that hangs deletes no receipt of the step after it', async () => {
  const [writing, answer] = [createLatch(), createLatch()];
  await last();
  beforeReceipt = () => {
    writing.open();
    return answer.opened;
  };
  const hanging = early({ again: true });
  await writing.opened;
  vi.advanceTimersByTime(9_000);
  answer.open();
  await expect(hanging).rejects.toThrow('storing the receipt took too long');
  expect(receipts()).toEqual([lasts]);
});

test('a receipt of an attempt that was lost is replaced by the one after it', async () => {
  await early();
  expect(receipts()).toHaveLength(1);
  await early({ again: true });
  expect(receipts()).toHaveLength(1);
  await last();
  expect(receipts()).toEqual([lasts]);
});
