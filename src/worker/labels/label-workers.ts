import { Worker, type WorkerOptions } from '@temporalio/worker';
import type { createActivities } from '../../activities/index.ts';
import { labelQueue } from '../../domain/plan/label.ts';

type Shared = Pick<
  WorkerOptions,
  | 'connection'
  | 'namespace'
  | 'dataConverter'
  | 'workerDeploymentOptions'
  | 'identity'
  | 'interceptors'
  | 'shutdownGraceTime'
  | 'shutdownForceTime'
  | 'tuner'
>;

/**
 * Pollers of the queues of this worker's labels. Fetching alone is done there: everything else reads and writes what all workers share.
 * @param shared options of the worker itself
 */
export async function createLabelWorkers(
  labels: readonly string[],
  taskQueue: string,
  { fetchBatch }: ReturnType<typeof createActivities>,
  shared: Shared,
): Promise<readonly Worker[]> {
  const activities = { fetchBatch };
  return Promise.all(
    labels.map((label) => Worker.create({ ...shared, taskQueue: labelQueue(taskQueue, label), activities })),
  );
}

/** Several workers of a process, as one. */
export class WorkerGroup {
  readonly #workers: readonly Worker[];

  constructor(workers: readonly Worker[]) {
    this.#workers = workers;
  }

  get isRunning(): boolean {
    return this.#workers.every((worker) => worker.getState() === 'RUNNING');
  }

  /** Resolves once all have stopped. If one fails, the others stop too. */
  async run(): Promise<void> {
    const running = this.#workers.map(async (worker) => {
      try {
        await worker.run();
      } finally {
        this.shutdown();
      }
    });
    await Promise.allSettled(running);
    await Promise.all(running);
  }

  shutdown(): void {
    for (const worker of this.#workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  }
}
