import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Client } from '@temporalio/client';
import { DaybookError } from '../domain/errors.ts';
import type { Instance } from '../domain/instance.ts';
import { withTimeout } from '../formats/timeout.ts';
import type { StoreKey } from '../store/identity.ts';
import { freshPollers } from './fresh-pollers.ts';

/** A worker with another store polls this queue: runs would find neither their state nor their batches. */
class QueueInUse extends DaybookError {
  readonly type = 'QueueInUse';
  readonly next = 'never';
}

/** How long the server may take to name the pollers, and when it is asked again. */
const answerMs = 3_000;
const laterMs = 5_000;

/** The identity that a worker sends to the server. @param store null if it cannot be read yet */
export function workerIdentity(store: StoreKey | null): string {
  const own = `${process.pid}@${hostname()}/${randomUUID().slice(0, 8)}`;
  if (store === null) return own;
  return `${own}/store-${store.id}${store.copy === null ? '' : `/copy-${store.copy}`}`;
}

/** The store of a worker; null if its identity does not say, as in 0.2.0. */
export function storeOf(identity: string): StoreKey | null {
  const [, id, copy = null] = /\/store-([0-9a-f-]{36})(?:\/copy-([0-9a-f-]{36}))?$/.exec(identity) ?? [];
  return id === undefined ? null : { id, copy };
}

/** Keeps workers of different stores from sharing the queue of an instance. */
export class QueueGuard {
  readonly #client: Client;
  readonly #instance: Instance;
  readonly #store: StoreKey | null;
  #taken: QueueInUse | null = null;

  /** @param store of the worker that is to start; null if unknown */
  constructor(client: Client, instance: Instance, store: StoreKey | null) {
    this.#client = client;
    this.#instance = instance;
    this.#store = store;
  }

  /**
   * No answer of the server means no finding.
   * @param which `copies`: only workers on a copy of the store, or on the store that it is a copy of
   * @throws QueueInUse
   */
  async check(which: 'all' | 'copies' = 'all'): Promise<void> {
    const { taskQueue } = this.#instance;
    const pollers = await withTimeout(answerMs, workersAt(this.#client, taskQueue)).catch(() => []);
    const own = this.#store;
    if (own === null) return;
    for (const identity of pollers) {
      const store = storeOf(identity);
      if (store === null || (store.id === own.id && store.copy === own.copy)) continue;
      if (which === 'copies' && store.id !== own.id) continue;
      const queue = `the task queue "${taskQueue}" of namespace ${this.#client.options.namespace}`;
      throw new QueueInUse(
        `${store.id === own.id ? otherCopy(identity, queue, own, store) : otherStore(identity, queue, own)}. If the other worker has stopped for good, try again in a minute`,
      );
    }
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

function otherStore(worker: string, queue: string, own: StoreKey): string {
  return (
    `worker: the worker ${worker} of another store polls ${queue}, where only workers of this store may (${own.id}); ` +
    'give this Daybook its own name: DAYBOOK_INSTANCE=…, or the key instance in daybook.yaml. If it is the same Daybook, its store is in another folder or was lost: see DAYBOOK_STORE and DAYBOOK_DATA'
  );
}

/** `store copy` made one of the two from the other, or both from a third. */
function otherCopy(worker: string, queue: string, own: StoreKey, other: StoreKey): string {
  const theirs =
    other.copy === null
      ? 'the store that this one is a copy of'
      : own.copy === null
        ? 'a copy of this store'
        : 'another copy of this store';
  return (
    `worker: the worker ${worker} on ${theirs} polls ${queue}, expected workers on one of the two only: they would take each other's work; ` +
    'set DAYBOOK_STORE (or DAYBOOK_DATA) to the same store for all workers and commands'
  );
}

/** Of workflows and of activities. A worker without an identity does not show its store. */
export async function workersAt(client: Client, taskQueue: string): Promise<string[]> {
  const types = ['workflows', 'activities'] as const;
  const found = await Promise.all(types.map((type) => freshPollers(client, { taskQueue, type })));
  return found.flat().filter((identity) => identity !== '');
}
