// The whole product: source → spool → CSV ∥ PostgreSQL, through Temporal, with a worker process of its own; the stack is up already,
// the clock runs from the first workflow's start to the last receipt.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { processorMs } from '../support/processor-time.js';
import { settingsInEnvironment } from './environment.js';

let workers = 0;

const fields = 'id: id, occurred_at: published_at';

export function fileSources(files) {
  return [...files].map(([name, path]) => ({
    name,
    line: `{ name: ${name}, type: file, path: ${JSON.stringify(path)}, ${fields} }`,
  }));
}

export function apiSources(files, origin) {
  return [...files.keys()].map((name) => ({
    name,
    line: `{ name: ${name}, type: http_json, url: "${origin.urlOf(name)}", ${fields}, allow_private: true, paginator: page_number }`,
  }));
}

/**
 * Runs all sources at once.
 * @param again if set, only a second run counts: by the same worker, whose store knows the records, or by one with an empty store, where
 * only PostgreSQL knows them
 */
export async function runProduct(root, { settings, temporal, place, sources, again }) {
  const config = join(place, 'daybook.yaml');
  writeFileSync(config, `version: 1\nsources:\n${sources.map(({ line }) => `  - ${line}\n`).join('')}`);
  const connection = await Connection.connect(temporal.connection);
  const stage = { root, settings, temporal, place, config, sources, client: new Client({ connection }) };
  try {
    const first = await withWorker({ ...stage, store: 'data' }, async (run) => {
      const result = await run();
      return again === 'same_store' ? run() : result;
    });
    return again === 'new_store' ? await withWorker({ ...stage, store: 'data-2' }, (run) => run()) : first;
  } finally {
    await connection.close();
  }
}

async function withWorker(stage, use) {
  const instance = hasInstances(stage.root) ? `bench-${process.pid}-${workers++}` : null;
  const worker = await startWorker(stage, instance);
  try {
    return await use(() => runSources(stage, instance));
  } finally {
    worker.kill('SIGTERM');
    await once(worker, 'exit');
  }
}

/** Workers of two stores share no queue. 0.2.0 has but one, and does not look. */
function hasInstances(root) {
  const schema = JSON.parse(readFileSync(join(root, 'schema', 'daybook.schema.json'), 'utf8'));
  return schema.properties?.instance !== undefined;
}

async function runSources({ client, sources }, instance) {
  const taskQueue = instance === null ? 'daybook' : `daybook-${instance}`;
  const prefix = instance === null ? '' : `${instance}.`;
  const before = processorMs(process.pid);
  const startedAt = performance.now();
  await Promise.all(
    sources.map(({ name: source }) => {
      const workflowId = `${prefix}scrape-${source}-bench-${performance.now()}`;
      return client.workflow.execute('scrapeRun', { workflowId, taskQueue, args: [{ source }] });
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const after = processorMs(process.pid);
  const cpu = (part) => (after[part] - before[part]) / 1000;
  return { seconds, cpu_s: { worker: cpu('worker'), temporal: cpu('temporal'), postgres: cpu('postgres') } };
}

// The new store of a second worker is accepted: that PostgreSQL knows its records is what is measured.
async function startWorker({ root, settings, temporal, place, config, store }, instance) {
  const worker = spawn(process.execPath, [join(root, 'dist', 'cli', 'main.js'), 'worker'], {
    env: {
      ...settingsInEnvironment(settings),
      TEMPORAL_ADDRESS: temporal.address,
      DAYBOOK_CONFIG: config,
      DAYBOOK_DATA: join(place, store),
      DAYBOOK_HTTP: 'off',
      DAYBOOK_ACCEPT_NEW_STORE: '1',
      LOG_LEVEL: 'error',
      ...(instance === null ? {} : { DAYBOOK_INSTANCE: instance }),
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    worker.on('message', ({ type }) => type === 'polling' && resolve(worker));
    worker.once('exit', (code) => reject(new Error(`bench: the worker ended with ${code}`)));
  });
}
