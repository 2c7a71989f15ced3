// Starts the bare worker beside a product, on the same server.
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { bareQueue } from './bare-queue.js';

const fileBeside = (name) => fileURLToPath(new URL(name, import.meta.url));

export async function bundleBare(file) {
  const logger = new DefaultLogger('ERROR');
  const { code } = await bundleWorkflowCode({ workflowsPath: fileBeside('bare-workflow.js'), logger });
  writeFileSync(file, code);
}

export async function startBareWorker(temporalAddress, bundleFile) {
  const stdio = ['ignore', 'ignore', 'ignore', 'ipc'];
  const child = fork(fileBeside('bare-worker.js'), [temporalAddress, bundleFile], { stdio });
  await once(child, 'message');
  return {
    pid: child.pid,
    async stop() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

export async function runBare(client) {
  const options = { workflowId: `bare-${randomUUID()}`, taskQueue: bareQueue, args: [] };
  const handle = await client.workflow.start('bare', options);
  await handle.result();
  return { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
}
