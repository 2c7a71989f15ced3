// The whole product: file → spool → CSV ∥ PostgreSQL, through Temporal, with a worker process of its own; the stack is
// up already, the clock runs from the first workflow's start to the last receipt.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';

let rounds = 0;
const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

export async function runProduct(settings, temporal, folder, files) {
  const config = `${folder}/daybook.yaml`;
  const sources = [...files].map(
    ([name, path]) =>
      `  - { name: ${name}, type: file, path: ${JSON.stringify(path)}, id: id, occurred_at: published_at }\n`,
  );
  writeFileSync(config, `version: 1\nsources:\n${sources.join('')}`);
  // Each round has its own store, and workers of two stores share no queue.
  const instance = `bench-${process.pid}-${rounds++}`;
  const worker = await startWorker(settings, temporal, folder, config, instance);
  const connection = await Connection.connect(temporal.connection);
  try {
    const client = new Client({ connection });
    const startedAt = performance.now();
    const receipts = await Promise.all([...files.keys()].map((source) => runSource(client, source, instance)));
    const seconds = (performance.now() - startedAt) / 1000;
    return { seconds, fetched: receipts.reduce((sum, { fetched }) => sum + fetched, 0) };
  } finally {
    await connection.close();
    worker.kill('SIGTERM');
    await once(worker, 'exit');
  }
}

async function runSource(client, source, instance) {
  const workflowId = `${instance}.scrape-${source}-bench-${performance.now()}`;
  const args = [{ source }];
  return client.workflow.execute('scrapeRun', { workflowId, taskQueue: `daybook-${instance}`, args });
}

async function startWorker(settings, temporal, folder, config, instance) {
  const worker = spawn(process.execPath, [cli, 'worker'], {
    env: {
      ...process.env,
      PG_HOST: settings.host,
      PG_PORT: String(settings.port),
      PG_DB: settings.database,
      PG_USER: settings.user,
      PG_PASSWORD: settings.password,
      TEMPORAL_ADDRESS: temporal.address,
      DAYBOOK_CONFIG: config,
      DAYBOOK_DATA: `${folder}/data`,
      DAYBOOK_HTTP: 'off',
      DAYBOOK_INSTANCE: instance,
      LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  for await (const [message] of messages(worker)) if (message.type === 'polling') break;
  return worker;
}

async function* messages(worker) {
  for (;;) yield await once(worker, 'message');
}
