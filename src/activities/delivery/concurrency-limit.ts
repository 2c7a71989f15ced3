import { WorkerBusy } from '../../domain/errors.ts';

/** A refused attempt is repeated between these times, in milliseconds, so that not all return at once. */
const [soonestMs, latestMs] = [3_000, 15_000];

/**
 * A limit for concurrent work. Nothing waits for a slot: a worker runs a limited number of activities, and waiting ones would block
 * live runs.
 */
export class ConcurrencyLimit {
  readonly #count: number;
  #taken = 0;

  constructor(count: number) {
    this.#count = count;
  }

  /** @throws WorkerBusy if the limit is reached */
  async run<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.#taken >= this.#count) {
      const retryAfterMs = Math.round(soonestMs + Math.random() * (latestMs - soonestMs));
      throw new WorkerBusy(`${what}: ${this.#count} others run on this worker; waiting for a slot`, {
        retryAfterMs,
      });
    }
    this.#taken++;
    try {
      return await work();
    } finally {
      this.#taken--;
    }
  }
}
