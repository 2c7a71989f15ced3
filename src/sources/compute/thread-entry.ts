// The thread in which jobs are done. It is started by `ComputeThread`, and does one job at a time.
import { parentPort, workerData } from 'node:worker_threads';
import { toWire } from '../../domain/error-wire.ts';
import { threadId } from '../threads/thread-id.ts';
import type { Job } from './job.ts';
import { JobRunner } from './run-job.ts';
import type { ThreadAnswer, ThreadData } from './compute-thread.ts';
import { createTrace, setRunning } from './trace.ts';

const { memory } = workerData as ThreadData;
const runner = new JobRunner(createTrace(memory), true);

async function answerTo(job: Job): Promise<ThreadAnswer> {
  try {
    await runner.prepare(job);
    setRunning(memory, true);
    return { result: await runner.run(job) };
  } catch (error) {
    return { error: toWire(error) };
  } finally {
    setRunning(memory, false);
  }
}

parentPort?.on('message', (job: Job) => {
  void answerTo(job).then((answer) => parentPort?.postMessage(answer));
});
parentPort?.postMessage({ threadId: threadId() });
