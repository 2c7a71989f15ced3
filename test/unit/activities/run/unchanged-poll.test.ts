import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createActivities } from '../../../../src/activities/index.ts';
import type { BegunSource, ResolveSourceInput } from '../../../../src/activities/run/resolve-source.ts';
import type { ActivityDependencies } from '../../../../src/activities/support/dependencies.ts';
import { openConfigFile } from '../../../../src/config/file/config-file.ts';
import type { Alert, AlertVerdict } from '../../../../src/domain/monitoring/alert.ts';
import { noopMetrics } from '../../../../src/domain/run/metrics.ts';
import { aReceipt } from '../../domain/a-receipt.ts';
import { openAlerts, settleAlerts } from '../../../../src/store/alerts/alerts.ts';
import { KnownAlerts } from '../../../../src/store/alerts/known-alerts.ts';
import { createSchemaTexts } from '../../../../src/sources/extraction/schema-texts.ts';
import type { BlobStore } from '../../../../src/store/blobs/blob-store.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { RecentBatches } from '../../../../src/store/delivery/recent-batches.ts';
import { createFeedItemsStore } from '../../../../src/store/run/feed-items.ts';
import { createFileProgressStore } from '../../../../src/store/run/file-progress.ts';
import { LastRuns, readLastRuns } from '../../../../src/store/run/last-runs.ts';
import { createSeenKeys } from '../../../../src/store/run/seen-keys.ts';
import { readState, writeState } from '../../../../src/store/run/states.ts';
import { openSourceTools } from '../../../../src/worker/resources.ts';
import { startOrigin, type Origin } from '../../../support/servers/origin.ts';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';
import { activityEnvironment } from '../environment.ts';

const folder = useTemporaryFolder();
let origin: Origin;
let items: object[];
let isNotModified: boolean;

/** Lets time pass, in seconds. */
const pass = (seconds: number) => void vi.setSystemTime(Date.now() + seconds * 1_000);

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  items = [1, 2, 3].map((id) => ({ id, at: '2026-11-23T10:00:00Z' }));
  isNotModified = false;
  origin = await startOrigin((_url, response) => {
    if (isNotModified) return void response.writeHead(304).end();
    response.writeHead(200, { etag: '"1"' }).end(JSON.stringify(items));
  });
});

/** What a worker does for a source, with the requests to its store. */
class TestedWorker {
  readonly requests: string[] = [];
  readonly store: BlobStore;
  readonly lastRuns: LastRuns;
  readonly knownAlerts: KnownAlerts;
  readonly #dependencies: ActivityDependencies;
  readonly #activities: ReturnType<typeof createActivities>;
  readonly #close: () => Promise<unknown>;
  #runs = 0;

  constructor(name: string, webhook: ActivityDependencies['alertWebhook'] = null) {
    const file = join(folder.path, 'daybook.yaml');
    writeFileSync(
      file,
      `version: 1\ndefaults: { allow_private: true }\nsources: [{ name: news, type: http_json, url: "${origin.url}", id: id, occurred_at: at, expect: { min_records: 2 } }]\n`,
    );
    const config = openConfigFile(file, () => undefined);
    this.knownAlerts = new KnownAlerts();
    this.store = this.knownAlerts.noticing(this.#counted(createDirectoryStore(join(folder.path, 'data'))));
    this.lastRuns = new LastRuns({
      store: this.store,
      worker: name,
      isConfigured: () => true,
      onError: () => undefined,
    });
    const settings = { config, proxies: {}, lookUp: () => undefined };
    const { close, ...tools } = openSourceTools(settings as never, this.store, noopMetrics);
    this.#close = close;
    this.#dependencies = {
      ...tools,
      store: this.store,
      config,
      lookUp: () => undefined,
      identity: name,
      recentBatches: new RecentBatches(),
      pollKeys: createSeenKeys(this.store),
      fileProgress: createFileProgressStore(this.store),
      feedItems: createFeedItemsStore(this.store),
      schemas: createSchemaTexts(() => undefined),
      databaseId: async () => null,
      searchAttribute: () => true,
      alertWebhook: webhook,
      lastRuns: this.lastRuns,
      knownAlerts: this.knownAlerts,
      keepAlert: () => undefined,
      measures: noopMetrics,
      onReceipt: () => undefined,
    } as unknown as ActivityDependencies;
    this.#activities = createActivities(this.#dependencies);
  }

  /** Begins a poll as a run does, by the schedule or by command. */
  async begin(force = false): Promise<BegunSource['begun']> {
    this.requests.length = 0;
    pass(1);
    const firstRunId = `${this.#dependencies.identity}-${this.#runs++}`;
    const run = { source: 'news', workflowId: 'scrape-news', firstRunId };
    const begin = { run, startedAt: new Date().toISOString(), ...(force ? { force } : {}) };
    const resolve = (input: ResolveSourceInput) => this.#activities.resolveSource(input) as Promise<BegunSource>;
    const { begun } = await this.#run<BegunSource>(resolve, { source: 'news', begin });
    return begun;
  }

  /** Ends a poll with new records as its run does. */
  async end({ state, fetch }: BegunSource['begun'], verdicts: readonly AlertVerdict[] = []): Promise<void> {
    const sink = { ...aReceipt().csv, written: fetch?.counts.accepted ?? 0 };
    pass(1);
    const finishedAt = new Date().toISOString();
    const receipt = aReceipt({ source: 'news', ...fetch?.counts, csv: sink, postgres: sink, finishedAt, batches: 1 });
    const poll = { epoch: 0, end: fetch?.end ?? null };
    const rest = { clean: true, release: [] };
    const input = { receipt, verdicts, poll, state: { ...state, ...fetch?.patch }, ...rest };
    await this.#run(this.#activities.finishRun, input);
  }

  #run<R>(activity: (input: never) => Promise<unknown>, input: object): Promise<R> {
    return activityEnvironment(this.#dependencies).run(activity as (given: object) => Promise<R>, input);
  }

  async close(): Promise<void> {
    await this.lastRuns.close();
    await this.#close();
  }

  #counted(store: BlobStore): BlobStore {
    const counted = (name: 'get' | 'put' | 'putIfAbsent' | 'list' | 'walk' | 'folders' | 'delete') => {
      const work = store[name] as (path: string, ...rest: unknown[]) => unknown;
      const count = (path: string, ...rest: unknown[]) => {
        // The notes are written in the background, and not for a poll.
        if (!path.startsWith('last-runs')) this.requests.push(`${name} ${path}`);
        return work(path, ...rest);
      };
      return { [name]: count };
    };
    const names = ['get', 'put', 'putIfAbsent', 'list', 'walk', 'folders', 'delete'] as const;
    return { ...store, ...Object.assign({}, ...names.map((name) => counted(name))) } as BlobStore;
  }
}

const workers: TestedWorker[] = [];
function worker(name: string, webhook: ActivityDependencies['alertWebhook'] = null): TestedWorker {
  const made = new TestedWorker(name, webhook);
  workers.push(made);
  return made;
}

afterEach(async () => {
  vi.useRealTimers();
  for (const made of workers.splice(0)) await made.close();
  await origin.close();
});

/** A worker's first poll, and a minute. */
async function polled(of: TestedWorker): Promise<void> {
  await of.end(await of.begin());
  pass(60);
}

const open = async (of: TestedWorker) => (await openAlerts(of.store)).map(({ name }) => name);
const opened = (of: TestedWorker, name: 'min_records' | 'run_failed') =>
  settleAlerts(createDirectoryStore(join(folder.path, 'data')), 'news', [{ name, message: 'bad' }], new Date()).then(
    () => of,
  );

describe('an unchanged poll', () => {
  test('writes nothing, lists nothing, and reads what only the store knows; its worker notes it', async () => {
    const a = worker('a', async () => undefined);
    await polled(a);
    await a.begin();
    await a.begin();
    const requests = ['get state/news.json', 'get state-epochs/news/1'];
    expect(a.requests).toEqual(requests);
    isNotModified = true;
    expect((await a.begin()).ended).toMatchObject({ receipt: { outcome: 'unchanged', fetched: 0 }, notify: false });
    expect(a.requests).toEqual(requests);
    expect(folder.files().filter((path) => path.includes('receipts/'))).toHaveLength(1);
    await a.lastRuns.flush();
    const run = (await readLastRuns(a.store)).get('news');
    expect(run).toMatchObject({ receipt: { outcome: 'unchanged' }, unchanged: { count: 3 }, state: { failures: 0 } });
  });

  test('starts to count again after a receipt of another worker', async () => {
    const [a, b] = [worker('a'), worker('b')];
    await polled(a);
    await a.begin();
    items = [...items, { id: 4, at: '2026-11-23T10:00:00Z' }];
    await b.end(await b.begin());
    await a.begin();
    await b.begin();
    await a.begin();
    await a.lastRuns.flush();
    await b.lastRuns.flush();
    expect((await readLastRuns(a.store)).get('news')?.unchanged?.count).toBe(3);
  });

  test('still opens an alert, once, and closes it', async () => {
    const a = worker('a');
    await polled(a);
    await a.begin();
    items = items.slice(0, 1);
    expect((await a.begin()).ended?.receipt.outcome).toBe('unchanged');
    const [alert] = await openAlerts(a.store);
    expect(alert?.name).toBe('min_records');
    await a.begin();
    expect(await openAlerts(a.store)).toEqual([alert]);
    await a.end(await a.begin(), [{ name: 'min_records', message: null }]);
    expect(await open(a)).toEqual([]);
  });

  test('does not open an alert twice that another worker has opened meanwhile', async () => {
    const [a, b] = [worker('a'), worker('b')];
    await polled(a);
    await a.begin();
    items = items.slice(0, 1);
    await b.begin();
    const [alert] = await openAlerts(b.store);
    await a.begin();
    expect(await openAlerts(a.store)).toEqual([alert]);
  });
});

describe('an alert that another worker opened', () => {
  test('is closed by the next poll where its run has saved the state', async () => {
    const [a, b] = [worker('a'), worker('b')];
    await polled(a);
    await a.begin();
    items = [...items, { id: 4, at: '2026-11-23T10:00:00Z' }];
    await b.end(await b.begin(), [{ name: 'min_records', message: 'bad' }]);
    expect(await open(b)).toEqual(['min_records']);
    await a.begin();
    expect(await open(a)).toEqual([]);
  });

  test('is closed by a poll with records also where one without any came in between', async () => {
    const [a, b] = [worker('a'), worker('b')];
    await polled(a);
    await a.begin();
    items = [...items, { id: 4, at: '2026-11-23T10:00:00Z' }];
    await b.end(await b.begin(), [{ name: 'min_records', message: 'bad' }]);
    isNotModified = true;
    await a.begin();
    expect(await open(b)).toEqual(['min_records']);
    isNotModified = false;
    await a.begin();
    expect(await open(a)).toEqual([]);
  });

  test('is closed by the next poll after a run that failed', async () => {
    const a = worker('a');
    await polled(a);
    await a.begin();
    const { state } = await readState(a.store, 'news');
    await writeState(a.store, 'news', { ...state!, failures: { count: 1, until: null, reason: 'any' } });
    await opened(a, 'run_failed');
    expect((await a.begin()).ended?.receipt.outcome).toBe('unchanged');
    expect(await open(a)).toEqual([]);
  });

  test('is closed by a run by command, and by polls a minute later', async () => {
    const a = worker('a');
    await polled(a);
    await a.begin();
    await opened(a, 'min_records');
    await a.begin();
    expect(await open(a)).toEqual(['min_records']);
    await a.begin(true);
    expect(await open(a)).toEqual([]);
    await opened(a, 'min_records');
    pass(60);
    await a.begin();
    expect(await open(a)).toEqual([]);
  });
});

test('changes of alerts are sent by the next poll, and once', async () => {
  const sent: Alert[] = [];
  const a = worker('a', async (alert) => void sent.push(alert));
  await polled(a);
  expect((await a.begin()).ended?.notify).toBe(false);
  await settleAlerts(a.store, 'news', [{ name: 'min_records', message: 'bad' }], new Date());
  expect((await a.begin()).ended?.notify).toBe(true);
});
