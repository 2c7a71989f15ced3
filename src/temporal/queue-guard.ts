import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Client } from '@temporalio/client';
import { DaybookError } from '../domain/errors.ts';
import type { Instance } from '../domain/instance.ts';
import { withTimeout } from '../formats/timeout.ts';
import { freshPollers } from './fresh-pollers.ts';

/** A worker with another store polls this queue: runs would find neither their state nor their batches. */
class QueueInUse extends DaybookError {
  readonly type = 'QueueInUse';
  readonly next = 'never';
}

/** How long the server may take to name the pollers, and when it is asked again. */
const answerMs = 3_000;
const laterMs = 5_000;

/** The identity that a worker sends to the server. @param storeId null if its store cannot be read yet */
export function workerIdentity(storeId: string | null): string {
  const own = `${process.pid}@${hostname()}/${randomUUID().slice(0, 8)}`;
  return storeId === null ? own : `${own}/store-${storeId}`;
}

/** The store of a worker; null if its identity does not say, as in 0.2.0. */
export function storeOf(identity: string): string | null {
  return /\/store-([0-9a-f-]{36})$/.exec(identity)?.[1] ?? null;
}

/** Keeps workers of different stores from sharing the queue of an instance. */
export class QueueGuard {
  readonly #client: Client;
  readonly #instance: Instance;
  readonly #storeId: string | null;
  #taken: QueueInUse | null = null;

  /** @param storeId of the worker that is to start; null if unknown */
  constructor(client: Client, instance: Instance, storeId: string | null) {
    this.#client = client;
    this.#instance = instance;
    this.#storeId = storeId;
  }

  /** No answer of the server means no finding. @throws QueueInUse */
  async check(): Promise<void> {
    const { taskQueue } = this.#instance;
    const pollers = await withTimeout(answerMs, workersAt(this.#client, taskQueue)).catch(() => []);
    const isOther = (store: string | null) => store !== null && this.#storeId !== null && store !== this.#storeId;
    const other = pollers.find((identity) => isOther(storeOf(identity)));
    if (other === undefined) return;
    throw new QueueInUse(
      `worker: the worker ${other} of another store polls the task queue "${taskQueue}" of namespace ${this.#client.options.namespace}, where only workers of this store may (${this.#storeId}); ` +
        'give this Daybook its own name: DAYBOOK_INSTANCE=…, or the key instance in daybook.yaml. If it is the same Daybook, its store is in another folder or was lost: see DAYBOOK_STORE and DAYBOOK_DATA. If the other worker has stopped for good, try again in a minute',
    );
  }

  /** Checks once more: two may have started at the same moment without seeing each other. @returns what ends the wait */
  checkLater(onTaken: () => void): () => void {
    const timer = setTimeout(() => {
      this.check().catch((error: unknown) => {
        if (!(error instanceof QueueInUse)) return;
        this.#taken = error;
        onTaken();
      });
    }, laterMs);
    return () => clearTimeout(timer);
  }

  /** @throws QueueInUse what the second look found */
  throwIfTaken(): void {
    if (this.#taken !== null) throw this.#taken;
  }
}

/** Of workflows and of activities. A worker without an identity does not show its store. */
export async function workersAt(client: Client, taskQueue: string): Promise<string[]> {
  const types = ['workflows', 'activities'] as const;
  const found = await Promise.all(types.map((type) => freshPollers(client, { taskQueue, type })));
  return found.flat().filter((identity) => identity !== '');
}
