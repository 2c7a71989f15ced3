import type pg from 'pg';
import type { ActivityDependencies } from '../activities/support/dependencies.ts';
import { withTimeout } from '../formats/timeout.ts';
import { createCsvWriter } from '../sinks/csv/csv-writer.ts';
import { readDatabaseId } from '../sinks/postgres/commands/migrate.ts';
import { createMaintenance } from '../sinks/postgres/days/maintenance.ts';
import { createCanaryRows } from '../sinks/postgres/writer/canary-rows.ts';
import { createPostgresWriter } from '../sinks/postgres/writer/postgres-writer.ts';
import { createSchemaTexts } from '../sources/extraction/schema-texts.ts';
import type { BlobStore } from '../store/blobs/blob-store.ts';
import type { Journal } from '../store/journal/journal.ts';
import { RecentBatches } from '../store/delivery/recent-batches.ts';
import { FanOutStore } from '../store/fan-out/fan-out-store.ts';
import { createFeedItemsStore } from '../store/run/feed-items.ts';
import { createFileProgressStore } from '../store/run/file-progress.ts';
import { createSeenKeys } from '../store/run/seen-keys.ts';
import type { WorkerCounters } from './metrics/counters.ts';
import { measuredWriter } from './metrics/measured-writer.ts';
import type { WorkerSettings } from './worker-settings.ts';

/** How long to wait for the database's id. */
const databaseIdMs = 1_000;

/** The stores and sinks that activities work with. */
export function storageDependencies(
  settings: WorkerSettings,
  { pool, questions }: { readonly pool: pg.Pool; readonly questions: pg.Pool },
  {
    store,
    journal,
    journalBlobs,
    counters,
  }: {
    readonly store: BlobStore;
    readonly journal: Journal;
    readonly journalBlobs: BlobStore;
    readonly counters: WorkerCounters;
  },
) {
  const { schema } = settings.postgres;
  const writer = createPostgresWriter({ pool, schema, prepare: settings.prepare });
  return {
    store,
    recentBatches: new RecentBatches(),
    pollKeys: createSeenKeys(store),
    fileProgress: createFileProgressStore(store),
    feedItems: createFeedItemsStore(store),
    fanOut: new FanOutStore(store),
    csv: measuredWriter(createCsvWriter(journalBlobs, journal.paths), counters),
    postgres: measuredWriter(writer, counters),
    canaryRows: createCanaryRows(pool, schema),
    maintenance: createMaintenance(settings.owner),
    owner: settings.owner,
    schemas: createSchemaTexts((hash) => settings.config.lastGood().kept?.schemaTexts.get(hash)),
    databaseId: () => withTimeout(databaseIdMs, readDatabaseId(questions, schema)).catch(() => null),
  } satisfies Partial<ActivityDependencies>;
}
