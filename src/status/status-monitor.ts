import type { Client } from '@temporalio/client';
import type { ConfigFile } from '../config/file/config-file.ts';
import type { PostgresSettings } from '../config/environment/postgres-settings.ts';
import type { Alert } from '../domain/monitoring/alert.ts';
import { dayOfDate } from '../domain/time/day.ts';
import type { CanaryReport } from '../domain/monitoring/canary.ts';
import { messageOf } from '../domain/errors.ts';
import type { StorageStatus } from '../domain/monitoring/storage-health.ts';
import { withTimeout } from '../formats/timeout.ts';
import { inParallel } from '../domain/in-parallel.ts';
import { knowingFolders } from '../store/blobs/known-folders.ts';
import { openAlerts } from '../store/alerts/alerts.ts';
import type { BlobStore } from '../store/blobs/blob-store.ts';
import { readCanaryReport } from '../store/canary/canary-report.ts';
import { createDeadLetterCounts } from '../store/dead-letters/dead-letters.ts';
import { scheduleOwner, type ScheduleOwner } from '../temporal/schedules/schedule-owner.ts';
import type { Instance } from '../domain/instance.ts';
import { readOpenWindows, WindowCounter, type WindowCounts } from './backfill-windows.ts';
import { readDatabaseStatus, readRowsToday, unreachable, type DatabaseStatus } from './database.ts';
import { readLastMaintenance } from './last-maintenance.ts';
import type { LastRuns } from '../store/run/last-runs.ts';
import { SourceMemories } from './source-memories.ts';
import { CachedRead, type Read } from './cached-read.ts';
import { StartCounts, type StartCount } from './start-counts.ts';
import { listScheduleStatus, type SchedulesStatus, type ServerStatus } from './schedules.ts';
import { knownSources } from './known-sources.ts';
import { lastEndsOf, statusOf, type SourceMemory, type Status } from './status.ts';
import { readWaiting, type DeferredSummary } from './deferred.ts';

export interface StatusMonitorOptions {
  readonly config: ConfigFile;
  readonly store: BlobStore;
  readonly lastRuns: Pick<LastRuns, 'readAll'>;
  readonly storage: { status(): readonly StorageStatus[] };
  /** Alerts that are in no store. */
  readonly alerts: { all(): readonly Alert[] };
  readonly postgres: PostgresSettings;
  readonly client: Client;
  readonly instance: Instance;
  /** Of the Temporal server. */
  readonly address: string;
  /** Whether the server knows the search attribute of sources. */
  readonly hasSearchAttribute: () => boolean;
  /** Address of its Web UI; null = unknown. */
  readonly ui: string | null;
  /** How long a part is not read again. @default 10 s, and longer where reading takes long */
  readonly freshMs?: number | undefined;
  /** Called if something cannot be read. */
  readonly onError: (part: Part, error: unknown) => void;
}

/** Each is read separately: a slow one does not delay the others. */
export const parts = ['store', 'letters', 'windows', 'temporal', 'postgres', 'rows'] as const;
export type Part = (typeof parts)[number];

/** The current state, as far as it is known. */
export interface Observed {
  readonly status: Status;
  readonly memories: ReadonlyMap<string, SourceMemory>;
  /** Null = not read yet. */
  readonly letters: ReadonlyMap<string, number> | null;
  readonly windows: ReadonlyMap<string, WindowCounts> | null;
  readonly openWindows: TemporalFacts['openWindows'];
  readonly lastMaintenanceAt: string | null;
  /** Starts of each source since this worker first looked. */
  readonly startCounts: ReadonlyMap<string, StartCount>;
  /** The age of what is known about a part, in milliseconds; null = nothing is known. */
  readonly ages: Readonly<Record<Part, number | null>>;
}

interface StoreFacts {
  readonly waiting: ReadonlyMap<string, readonly DeferredSummary[]>;
  readonly alerts: readonly Alert[];
  readonly canary: CanaryReport | null;
  readonly memories: ReadonlyMap<string, SourceMemory>;
}

interface TemporalFacts {
  readonly server: ServerStatus;
  readonly schedules: SchedulesStatus;
  readonly openWindows: ReadonlyMap<string, Pick<WindowCounts, 'waiting' | 'running'>>;
  readonly lastMaintenanceAt: string | null;
}

/** Sources that are looked at together. */
const atOnce = 32;
/** How long it is relied on which folders of the store exist. */
const foldersMs = 2_000;
/** A server that does not answer within this time is unavailable. */
const answerMs = 3_000;
const temporalMs = 20_000;

/** Watches what workers share, for frequent callers: each part is read from time to time, and cached. */
export class StatusMonitor {
  readonly #options: StatusMonitorOptions;
  readonly #memories: SourceMemories;
  readonly #maintenance = new Map<string, boolean>();
  readonly #starts = new StartCounts();
  #owner: ScheduleOwner | null = null;
  readonly #store: CachedRead<StoreFacts>;
  readonly #letters: CachedRead<ReadonlyMap<string, number>>;
  readonly #windows: CachedRead<ReadonlyMap<string, WindowCounts>>;
  readonly #temporal: CachedRead<TemporalFacts>;
  readonly #postgres: CachedRead<DatabaseStatus>;
  readonly #rows: CachedRead<ReadonlyMap<string, number>>;

  constructor(options: StatusMonitorOptions) {
    const { lastRuns, postgres, freshMs, onError } = options;
    const store = knowingFolders(options.store, foldersMs);
    this.#options = { ...options, store };
    this.#memories = new SourceMemories(store, () => lastRuns.readAll());
    const reading = <T>(part: Part, read: (previous: T | null) => Promise<T>) =>
      new CachedRead<T>({ read, freshMs, onError: (error) => onError(part, error) });
    this.#store = reading('store', () => this.#readStore());
    this.#letters = reading('letters', createDeadLetterCounts(store));
    const windows = new WindowCounter(store);
    this.#windows = reading('windows', () => windows.read());
    this.#temporal = reading('temporal', (previous) => this.#readTemporal(previous));
    this.#postgres = reading('postgres', async (previous) => {
      const found = await readDatabaseStatus(postgres, dayOfDate(new Date()));
      // Partitions still exist while the server that lists them is unavailable.
      return { ...found, partitions: found.partitions ?? previous?.partitions ?? null };
    });
    this.#rows = reading('rows', () => readRowsToday(postgres, dayOfDate(new Date())));
  }

  /** @param withinMs how long to wait for an update of old values */
  async observe(withinMs: number): Promise<Observed> {
    const [store, letters, windows, temporal, postgres, rows] = await Promise.all([
      this.#store.latest(withinMs),
      this.#letters.latest(withinMs),
      this.#windows.latest(withinMs),
      this.#temporal.latest(withinMs),
      this.#postgres.latest(withinMs),
      this.#rows.latest(withinMs),
    ]);
    const now = new Date();
    const { config, broken } = this.#options.config.current();
    const known = knownSources(config, broken?.message ?? null);
    const { waiting, alerts, canary, memories } = store?.value ?? noStore;
    const { server, schedules, openWindows, lastMaintenanceAt } =
      temporal?.value ?? this.#noTemporal('not checked yet');
    const database = postgres?.value ?? unreachable(new Error('not checked yet'));
    // Yesterday's count is not valid today.
    const rowsToday = rows && dayOfDate(new Date(rows.atMs)) === dayOfDate(now) ? rows.value : null;
    const age = (read: Read<unknown> | null) => read && now.getTime() - read.atMs;
    return {
      status: statusOf(
        {
          known,
          database,
          rowsToday,
          schedules,
          server,
          stack: null,
          canary,
          waiting,
          memories,
          damaged: [],
          letters: letters?.value ?? null,
          storage: this.#options.storage.status(),
          alerts: withKept(alerts, this.#options.alerts.all()),
        },
        now,
      ),
      memories,
      openWindows,
      lastMaintenanceAt,
      startCounts: this.#starts.counts(),
      letters: letters?.value ?? null,
      windows: windows?.value ?? null,
      ages: {
        store: age(store),
        letters: age(letters),
        windows: age(windows),
        temporal: age(temporal),
        postgres: age(postgres),
        rows: age(rows),
      },
    };
  }

  async #readStore(): Promise<StoreFacts> {
    const { store, config } = this.#options;
    const now = new Date();
    const { sources } = knownSources(config.current().config, null);
    const memories = await this.#memories.read(sources, now);
    await inParallel([...memories], atOnce, async ([name, memory]) => {
      memories.set(name, { ...memory, succeededAt: await this.#memories.succeededAt(name, memory) });
    });
    const [waiting, alerts, canary] = await Promise.all([
      readWaiting(store),
      openAlerts(store),
      readCanaryReport(store),
    ]);
    return { waiting, alerts, canary, memories };
  }

  /** An unavailable server is a finding; its last answer stays. */
  async #readTemporal(previous: TemporalFacts | null): Promise<TemporalFacts> {
    const { client, config, instance, store } = this.#options;
    const { sources } = knownSources(config.current().config, null);
    const memories = (await this.#store.latest(temporalMs))?.value.memories ?? noStore.memories;
    try {
      // The native client keeps trying long after a deadline.
      await withTimeout(answerMs, client.workflowService.getSystemInfo({}));
      return await client.withDeadline(Date.now() + temporalMs, async () => {
        const schedules = await listScheduleStatus(
          client,
          await this.#ownOf(instance, store),
          sources,
          lastEndsOf(memories),
        );
        this.#starts.look(sources, schedules.sources, new Date());
        return {
          server: this.#server(null),
          schedules,
          openWindows: await readOpenWindows(client, instance),
          lastMaintenanceAt:
            (await readLastMaintenance(client, instance, this.#maintenance)) ?? previous?.lastMaintenanceAt ?? null,
        };
      });
    } catch (error) {
      const facts = previous ?? this.#noTemporal('');
      return { ...facts, server: this.#server(messageOf(error)) };
    }
  }

  /** The id of a store stays. */
  async #ownOf(instance: Instance, store: BlobStore): Promise<ScheduleOwner> {
    const owner = this.#owner ?? (await scheduleOwner(instance, store));
    if (owner.storeId !== null) this.#owner = owner;
    return owner;
  }

  #noTemporal(error: string): TemporalFacts {
    return {
      server: this.#server(error),
      schedules: { sources: new Map(), others: new Map(), rollover: null },
      openWindows: new Map(),
      lastMaintenanceAt: null,
    };
  }

  #server(error: string | null): ServerStatus {
    const { address, ui, hasSearchAttribute, instance } = this.#options;
    return {
      address,
      reachable: error === null,
      error,
      ui,
      ...instance.labelled('instance'),
      searchAttribute: error === null ? hasSearchAttribute() : null,
    };
  }
}

/** Alerts of the store, and those kept in a process only. */
function withKept(stored: readonly Alert[], kept: readonly Alert[]): readonly Alert[] {
  const keys = new Set(stored.map(({ name, source, message }) => `${source}/${name}/${message}`));
  return [...kept.filter(({ name, source, message }) => !keys.has(`${source}/${name}/${message}`)), ...stored];
}

const noStore: StoreFacts = { waiting: new Map(), alerts: [], canary: null, memories: new Map() };
