import threads, { type WorkerOptions } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('./workflow-thread-entry.js', import.meta.url));
const entryOfSdk = /[\\/]workflow-worker-thread(?:\.js)?$/;

/**
 * Lets the SDK's workflow threads begin with a file of ours: it has no option for what that turns off. To be called before a worker
 * starts. See docs/decisions/0017-call-stacks.md.
 */
export function tuneWorkflowThreads(): void {
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(file: string | URL, options?: WorkerOptions) {
      super(entryOfSdk.test(String(file)) ? entry : file, options);
    }
  };
}
