import { setTimeout as sleep } from 'node:timers/promises';
import type { Sink } from '../../domain/run/sink.ts';

/** A workflow accepts 10,000 signals in total, and thousands of deliverers may find a sink unavailable at the same time. */
const quietMs = 1_000;

/** Requests of this worker for the watches of sinks: one signal a second stands for all that come until then. */
export class WatchRequests {
  readonly #unsent = new Map<Sink, Promise<void>>();
  readonly #sentAt = new Map<Sink, number>();

  /**
   * Resolves once a signal was sent that is younger than this call.
   * @param send sends the signal
   */
  async request(sink: Sink, send: () => Promise<void>): Promise<void> {
    const unsent = this.#unsent.get(sink) ?? this.#sendSoon(sink, send);
    this.#unsent.set(sink, unsent);
    await unsent;
  }

  async #sendSoon(sink: Sink, send: () => Promise<void>): Promise<void> {
    await sleep(Math.max(0, (this.#sentAt.get(sink) ?? 0) + quietMs - Date.now()));
    this.#unsent.delete(sink);
    this.#sentAt.set(sink, Date.now());
    await send();
  }
}
