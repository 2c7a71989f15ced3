import { WorkerBusy } from '../../domain/errors.ts';

/** A refused attempt is repeated between these times, in milliseconds, so that not all return at once. */
const [soonestMs, latestMs] = [3_000, 15_000];
/** Unless so many wait that their slots are free later than that. It is an estimate: nothing waits longer than this for one. */
const maxQueueMs = 60_000;
/** The weight of the latest duration in the usual one. */
const weight = 0.2;

/**
 * A limit for concurrent work. Nothing waits for a slot: a worker runs a limited number of activities, and waiting ones would block
 * live runs. Refused work is retried about when a slot is free for it: a thousand deliverers may be signalled at once.
 */
export class ConcurrencyLimit {
  readonly #count: number;
  #taken = 0;
  /** How long work usually takes. */
  #usualMs = 0;
  /** When all that was refused so far will probably be done. */
  #queueEndsAt = 0;

  constructor(count: number) {
    this.#count = count;
  }

  /** @throws WorkerBusy if the limit is reached */
  async run<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.#taken >= this.#count) {
      throw new WorkerBusy(`${what}: ${this.#count} others run on this worker; waiting for a slot`, {
        retryAfterMs: this.#queue(Date.now()),
      });
    }
    this.#taken++;
    const startedMs = performance.now();
    try {
      return await work();
    } finally {
      this.#taken--;
      this.#usualMs += weight * (performance.now() - startedMs - this.#usualMs);
    }
  }

  /** @returns how long until a slot is probably free */
  #queue(now: number): number {
    const endsAt = Math.max(now, this.#queueEndsAt) + this.#usualMs / this.#count;
    this.#queueEndsAt = Math.min(endsAt, now + maxQueueMs);
    // Early: a slot that is free for nothing is worse than one more attempt.
    const inTurnMs = (this.#queueEndsAt - now) * (0.4 + Math.random() * 0.4);
    const blurredMs = soonestMs + Math.random() * (latestMs - soonestMs);
    return Math.round(Math.max(inTurnMs, blurredMs));
  }
}
