import { WorkerBusy } from '../../domain/errors.ts';

/** Who finds no place comes back between these times, in milliseconds: many do, and not all at once. */
const [soonestMs, latestMs] = [3_000, 15_000];

/**
 * A few places for work that many want to do at once. Nobody waits for one: a worker runs so many activities, and those that
 * wait would keep live runs out.
 */
export class ConcurrencyLimit {
  readonly #count: number;
  #taken = 0;

  constructor(count: number) {
    this.#count = count;
  }

  /** @throws WorkerBusy where all places are taken */
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
