import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createActivities } from '../../../../src/activities/index.ts';
import type { FetchBatchInput, FetchBatchResult } from '../../../../src/activities/run/fetch-batch.ts';
import type { JobState } from '../../../../src/activities/run/look-at-export.ts';
import type { ResolvedSource } from '../../../../src/activities/run/resolve-source.ts';
import type { SubmittedExport } from '../../../../src/activities/run/submit-export.ts';
import type { ActivityDependencies } from '../../../../src/activities/support/dependencies.ts';
import { openConfigFile } from '../../../../src/config/file/config-file.ts';
import type { SourcePlan } from '../../../../src/domain/plan/source-plan.ts';
import type { BatchRef, RunRef } from '../../../../src/domain/run/batch.ts';
import type { SpooledRecord } from '../../../../src/domain/run/record.ts';
import { addFetch, emptyTally, noCounts, type Tally } from '../../../../src/domain/run/receipt.ts';
import { verdictOf } from '../../../../src/domain/run/run-verdict.ts';
import type { ExportJob } from '../../../../src/domain/state/export-progress.ts';
import { settledState } from '../../../../src/domain/state/settled-state.ts';
import type { SourceState } from '../../../../src/domain/state/source-state.ts';
import type { PollEnd } from '../../../../src/domain/state/fetch-position.ts';
import { noopMetrics } from '../../../../src/domain/run/metrics.ts';
import { microsOfDate } from '../../../../src/domain/time/timestamp.ts';
import { createCsvWriter } from '../../../../src/sinks/csv/csv-writer.ts';
import { createSchemaTexts } from '../../../../src/sources/extraction/schema-texts.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { readBatch } from '../../../../src/store/delivery/batches.ts';
import { RecentBatches } from '../../../../src/store/delivery/recent-batches.ts';
import { FanOutStore } from '../../../../src/store/fan-out/fan-out-store.ts';
import { createFolderJournal } from '../../../../src/store/journal/folder/folder-journal.ts';
import type { Journal } from '../../../../src/store/journal/journal.ts';
import { createFeedItemsStore } from '../../../../src/store/run/feed-items.ts';
import { createFileProgressStore } from '../../../../src/store/run/file-progress.ts';
import { LastRuns } from '../../../../src/store/run/last-runs.ts';
import { createSeenKeys } from '../../../../src/store/run/seen-keys.ts';
import { openSourceTools } from '../../../../src/worker/resources.ts';
import { KnownAlerts } from '../../../../src/store/alerts/known-alerts.ts';
import type { BlobStore } from '../../../../src/store/blobs/blob-store.ts';
import type { Origin } from '../../../support/servers/origin.ts';
import { activityEnvironment } from '../environment.ts';

/** The paths that were requested since the last call. */
export function takeRequests(origin: Origin): string[] {
  return (origin.requests as string[]).splice(0);
}

/** What a run brought. */
export interface FanOutRun {
  readonly tally: Tally;
  readonly end: PollEnd | null;
  /** Why it failed, of the fetch or by its counts. */
  readonly failure: string | null;
  readonly warnings: readonly string[];
  readonly fetches: number;
}

/** What a test does to a run, by the number of its fetch. */
export interface Disturbance {
  /** The worker is killed after the fetch: its result is lost, and it is made again. */
  readonly losesResult?: (fetch: number) => boolean;
  /** The run is terminated after the fetch; what was settled before is saved. */
  readonly ends?: (fetch: number) => boolean;
  /** Called between a fetch and the next one, with the state that a run would save then. */
  readonly after?: (fetch: number, state: SourceState) => Promise<unknown>;
}

/** Where the files of a journal and of its store are. */
export interface FanOutStores {
  readonly store: BlobStore;
  readonly journal: Journal;
  /** Where parts are written. */
  readonly parts: BlobStore;
}

function folderStores(folder: string): FanOutStores {
  const store = createDirectoryStore(join(folder, 'data'));
  const csv = join(folder, 'csv');
  mkdirSync(csv, { recursive: true });
  const journal = createFolderJournal({ csv, archives: join(folder, 'data', 'archives') });
  return { store, journal, parts: createDirectoryStore(csv) };
}

/** Runs sources as a workflow does, without a server: each fetch is an activity, and both sinks settle all batches. */
export class FanOutWorker {
  readonly store: BlobStore;
  readonly journal: Journal;
  readonly dependencies: ActivityDependencies;
  readonly activities: ReturnType<typeof createActivities>;
  /** Payloads of the records that were stored, by source and id; each time that they were fetched. */
  readonly stored = new Map<string, string[]>();
  /** All records that were stored, in order. */
  readonly records: (SpooledRecord & { readonly source: string })[] = [];
  readonly #parts: BlobStore;
  readonly #close: () => Promise<unknown>;
  #runs = 0;

  /** @param sources the part of daybook.yaml below `sources` */
  constructor(
    folder: string,
    sources: string,
    { store, journal, parts }: FanOutStores = folderStores(folder),
    variables: Readonly<Record<string, string>> = {},
  ) {
    const lookUp = (name: string) => variables[name];
    const file = join(folder, 'daybook.yaml');
    writeFileSync(
      file,
      `version: 1\ndefaults: { allow_private: true, retry: { max_attempts: 2 } }\nsources:\n${sources}`,
    );
    const config = openConfigFile(file, lookUp);
    const knownAlerts = new KnownAlerts();
    this.store = store;
    this.journal = journal;
    this.#parts = parts;
    const { close, ...tools } = openSourceTools({ config, proxies: {}, lookUp } as never, this.store, noopMetrics);
    this.#close = close;
    this.dependencies = {
      ...tools,
      store: this.store,
      journal: this.journal,
      config,
      lookUp,
      identity: 'tested',
      recentBatches: new RecentBatches(),
      pollKeys: createSeenKeys(this.store),
      fileProgress: createFileProgressStore(this.store),
      feedItems: createFeedItemsStore(this.store),
      fanOut: new FanOutStore(this.store),
      schemas: createSchemaTexts(() => undefined),
      databaseId: async () => null,
      searchAttribute: () => true,
      alertWebhook: null,
      knownAlerts,
      lastRuns: new LastRuns({
        store: this.store,
        worker: 'tested',
        isConfigured: () => true,
        onError: () => undefined,
      }),
      keepAlert: () => undefined,
      onReceipt: () => undefined,
      measures: noopMetrics,
    } as unknown as ActivityDependencies;
    this.activities = createActivities(this.dependencies);
  }

  close(): Promise<unknown> {
    return this.#close();
  }

  /** Writes a part of the journal, as a run of the source would. */
  async storeParents(
    source: string,
    records: readonly (object & { readonly id: unknown })[],
    ingestedAt = new Date(),
    occurredAt = ingestedAt,
  ): Promise<void> {
    const spooled = records.map((record) => ({
      sourceId: String(record.id),
      occurredAt: `${new Date(Number(microsOfDate(occurredAt)) / 1000).toISOString().slice(0, -1)}000Z`,
      payload: JSON.stringify(record),
    }));
    await this.storePart(source, spooled, ingestedAt);
  }

  /** Writes records that were stored as a part of the journal. */
  async storePart(source: string, records: readonly SpooledRecord[], ingestedAt = new Date()): Promise<void> {
    const hash = `${ingestedAt.getTime()}${records.length}${JSON.stringify(records).length}`
      .padEnd(64, '0')
      .slice(0, 64);
    const batch = { source, ingestedAt: ingestedAt.toISOString(), hash, number: 0, records: records.length };
    const context = { signal: new AbortController().signal, onProgress: () => {} };
    await createCsvWriter(this.#parts, this.journal.paths).write(batch as unknown as BatchRef, records, context);
  }

  async state(source: string): Promise<SourceState> {
    return (await this.run<ResolvedSource>(this.activities.resolveSource, { source })).state;
  }

  /** Polls a source once. */
  async poll(source: string, { losesResult, ends, after }: Disturbance = {}): Promise<FanOutRun> {
    const { plan, state: begun } = await this.run<ResolvedSource>(this.activities.resolveSource, { source });
    const firstRunId = `run-${this.#runs++}`;
    const ref = { source, workflowId: `scrape-${source}`, firstRunId };
    let state = begun;
    let tally = emptyTally;
    let result: FetchBatchResult | null = null;
    let warnings: string[] = [];
    let failure: string | null = null;
    let fetches = 0;
    const job = 'export' in plan && plan.export ? await this.#export(ref, plan, state) : null;
    for (let attempt = 1; result === null || result.end === null;) {
      const position = result?.position ?? null;
      const number = result?.nextNumber ?? 0;
      const input: FetchBatchInput = { run: ref, plan, state, position, number, ...(job ? { export: job } : {}) };
      let fetched: FetchBatchResult;
      try {
        fetched = structuredClone(await this.run<FetchBatchResult>(this.activities.fetchBatch, input, attempt));
        fetches++;
      } catch (error) {
        const { nonRetryable, message } = error as { nonRetryable?: boolean; message: string };
        if (nonRetryable !== true && attempt++ < plan.retry.maxAttempts) continue;
        failure = message;
        break;
      }
      if (losesResult?.(fetches) === true) continue;
      attempt = 1;
      result = fetched;
      await this.#settle(fetched.batches);
      tally = addFetch(tally, fetched.counts);
      state = { ...state, ...fetched.patch };
      warnings = [...warnings, ...(fetched.warnings ?? []).map(({ code }) => code)];
      await after?.(fetches, state);
      if (ends?.(fetches) === true) break;
    }
    const end = result?.end ?? null;
    const sinks = { ...noCounts, written: tally.accepted };
    const whole = { ...tally, csv: sinks, postgres: sinks };
    failure ??= verdictOf(source, { plan, tally: whole, end, isWindow: false })?.message ?? null;
    const clean = end !== null;
    await this.run(this.activities.saveState, { source, state: settledState(state, plan.id), clean });
    return { tally: whole, end, failure, warnings, fetches };
  }

  /** Runs an activity as a worker does. */
  run<R>(activity: (input: never) => Promise<unknown>, input: object, attempt = 1): Promise<R> {
    const environment = activityEnvironment(this.dependencies, { attempt });
    return environment.run(activity as unknown as (given: object) => Promise<R>, input);
  }

  /** Submits the job of an export and asks until it is done, without waiting. */
  async #export(run: RunRef, plan: SourcePlan, state: SourceState): Promise<ExportJob> {
    const submitted = await this.run<SubmittedExport>(this.activities.submitExport, { run, plan, state, number: 0 });
    const job = { number: 0, job: submitted.job, submittedAt: submitted.submittedAt };
    for (;;) {
      const { kind } = await this.run<JobState>(this.activities.lookAtExport, { run, plan, job });
      if (kind === 'done') return job;
      if (kind !== 'pending') throw new Error(`the job is ${kind}`);
    }
  }

  async #settle(batches: readonly BatchRef[]): Promise<void> {
    for (const batch of batches) {
      for (const record of await readBatch(this.store, batch)) {
        const { sourceId, payload } = record;
        this.records.push({ ...record, source: batch.source });
        const key = `${batch.source}/${sourceId}`;
        this.stored.set(key, [...(this.stored.get(key) ?? []), payload]);
      }
    }
  }
}
