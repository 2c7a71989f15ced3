import type { ConfigFile } from '../../config/file/config-file.ts';
import type { PostgresSettings } from '../../config/environment/postgres-settings.ts';
import type { LookUp } from '../../config/secrets/references.ts';
import type { Alert } from '../../domain/monitoring/alert.ts';
import type { Metrics } from '../../domain/run/metrics.ts';
import type { ObjectFiles } from '../../domain/storage/object-files.ts';
import type { PairSide } from '../../domain/storage/store-pair.ts';
import type { FailedReceipt, Receipt } from '../../domain/run/receipt.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import type { Maintenance } from '../../sinks/postgres/days/maintenance.ts';
import type { CanaryRows } from '../../sinks/postgres/writer/canary-rows.ts';
import type { StorageWriter } from '../../sinks/storage-writer.ts';
import type { Compute } from '../../sources/compute/compute.ts';
import type { SchemaTexts } from '../../sources/extraction/schema-texts.ts';
import type { OpenReaders } from '../../sources/files/open-readers.ts';
import type { HttpTools } from '../../sources/http/fetch-document.ts';
import type { ModuleThreads } from '../../sources/modules/module-threads.ts';
import type { KnownAlerts } from '../../store/alerts/known-alerts.ts';
import type { BlobStore } from '../../store/blobs/blob-store.ts';
import type { RecentBatches } from '../../store/delivery/recent-batches.ts';
import type { FanOutStore } from '../../store/fan-out/fan-out-store.ts';
import type { FeedItemsStore } from '../../store/run/feed-items.ts';
import type { FileProgressStore } from '../../store/run/file-progress.ts';
import type { Journal } from '../../store/journal/journal.ts';
import type { LastRuns } from '../../store/run/last-runs.ts';
import type { SeenKeys } from '../../store/run/seen-keys.ts';

/** What activities work with; the worker creates it once. */
export interface ActivityDependencies {
  readonly config: ConfigFile;
  /** The worker's own, as the server knows it. */
  readonly identity: string;
  readonly lookUp: LookUp;
  readonly store: BlobStore;
  readonly recentBatches: RecentBatches;
  /** Where this worker notes how runs ended. */
  readonly lastRuns: LastRuns;
  readonly pollKeys: SeenKeys;
  readonly fileProgress: FileProgressStore;
  readonly feedItems: FeedItemsStore;
  /** Which parents of a `for_each` are done. */
  readonly fanOut: FanOutStore;
  readonly csv: StorageWriter;
  /** Where the CSV writer's parts lie, and archives. */
  readonly journal: Journal;
  readonly postgres: StorageWriter;
  readonly canaryRows: CanaryRows;
  readonly maintenance: Maintenance;
  /** The owner of the tables, on a direct connection. */
  readonly owner: PostgresSettings;
  readonly http: HttpTools;
  readonly readers: OpenReaders;
  /** Files of sources in buckets. */
  readonly objects: ObjectFiles;
  readonly modules: ModuleThreads;
  readonly schemas: SchemaTexts;
  /** Computes sources' own expressions, patterns and schemas. */
  readonly compute: Compute;
  /** The database's own id; null if it cannot be asked right now. */
  readonly databaseId: () => Promise<string | null>;
  /** Whether the server knows the search attribute; upserting an unknown one blocks a workflow forever. */
  readonly searchAttribute: () => boolean;
  /** Lets the store and the database count; a failure is made up for by the next one. */
  readonly countPair: () => Promise<void>;
  /** Notes that an operator has handled a restored side. */
  readonly settleRestored: (side: PairSide) => Promise<void>;
  /** Sends alerts; null = no webhook is configured. */
  readonly alertWebhook: ((alert: Alert, signal: AbortSignal) => Promise<void>) | null;
  /** What the worker remembers of alerts. */
  readonly knownAlerts: KnownAlerts;
  /** Keeps alerts that could not be stored, so that they are still sent. */
  readonly keepAlert: (alert: Alert) => void;
  readonly measures: Metrics;
  /** How long a request of a probe may take. */
  readonly probeRequestMs: number;
  /** How often an unavailable sink is probed. */
  readonly sinkProbeMs: number;
  /** Called with each poll that changed nothing and leaves no receipt in the store. */
  readonly notePoll: (run: { readonly receipt: Receipt; readonly state: SourceState }) => void;
  /** Called with each receipt once it is stored, with its alerts. */
  readonly onReceipt: (receipt: Receipt | FailedReceipt) => void;
}

/** Those that an activity works with. */
export type Uses<Name extends keyof ActivityDependencies> = Pick<ActivityDependencies, Name>;
