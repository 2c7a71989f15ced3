// Daybook's writers alone: batches from the spool into CSV and PostgreSQL, several at a time as the workflow has them.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseIso8601 } from '../../dist/domain/time/timestamp.js';
import { createCsvWriter } from '../../dist/sinks/csv/csv-writer.js';
import { createPool } from '../../dist/sinks/postgres/connection/connection.js';
import { createPostgresWriter } from '../../dist/sinks/postgres/writer/postgres-writer.js';
import { maxBatchRecords, readBatch, spoolRecords } from '../../dist/store/delivery/batches.js';
import { createDirectoryStore } from '../../dist/store/blobs/directory-store.js';
import { journalPaths } from '../../dist/store/paths/paths.js';

const inFlight = 4;
const context = { signal: new AbortController().signal, onProgress() {} };

/** Spools the files first; the clock runs from there until both sinks have everything. */
export async function runWriters(settings, folder, files) {
  const store = createDirectoryStore(folder);
  const queue = [];
  for (const [source, file] of files) queue.push(...(await spoolFile(store, source, file)));
  const pool = createPool(settings, { maxConnections: inFlight });
  const csv = createCsvWriter(createDirectoryStore(`${folder}/csv`), journalPaths);
  const postgres = createPostgresWriter({ pool, schema: settings.schema, prepare: true });
  const usage = process.cpuUsage();
  const startedAt = performance.now();
  const workers = Array.from({ length: inFlight }, async () => {
    for (let batch = queue.shift(); batch; batch = queue.shift()) {
      const one = batch;
      await Promise.all([csv, postgres].map(async (writer) => writer.write(one, await readBatch(store, one), context)));
    }
  });
  await Promise.all(workers);
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(usage);
  await pool.end();
  return { seconds, cpuSeconds: (user + system) / 1e6 };
}

async function spoolFile(store, source, file) {
  const run = { source, workflowId: 'bench', firstRunId: `bench-${source}` };
  const references = [];
  let records = [];
  const flush = async () => {
    references.push(...(await spoolRecords(store, run, references.length, records, new Date())));
    records = [];
  };
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const { id, published_at: at } = JSON.parse(line);
    records.push({
      sourceId: id,
      occurredAt: parseIso8601(at).micros,
      payload: line,
      repaired: false,
      timeFromRecord: true,
    });
    if (records.length === maxBatchRecords) await flush();
  }
  await flush();
  return references;
}
