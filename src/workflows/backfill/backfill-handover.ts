import { CancellationScope, log, patched } from '@temporalio/workflow';
import { storeActivities } from '../activities.ts';
import { RequestQueue } from './request-queue.ts';
import { failureOf } from '../support/failure.ts';

/**
 * A run accepts backfill requests too: it is what users find in the Web UI. A separate workflow runs them; they are handed over as
 * they arrive, whatever the run does or waits for.
 */
export class BackfillHandover {
  readonly #source: string;
  readonly #inbox: RequestQueue;
  #busy: Promise<void> | null = null;

  constructor(source: string) {
    this.#source = source;
    // Signals that came first are delivered while the queue is being created.
    this.#inbox = new RequestQueue(() => this.#start());
    if (!this.#inbox.isEmpty) this.#start();
  }

  /** Waits until everything is handed over. Nothing may be awaited between this and the end of the run. */
  async settled(): Promise<void> {
    do await (this.#busy ?? this.#handOver());
    while (!this.#inbox.isEmpty);
  }

  /** A cancelled run hands over its requests too. */
  #start(): void {
    // oxlint-disable-next-line typescript/no-unnecessary-condition -- called while it is being made
    if (!this.#inbox || this.#busy || !patched('hand-over-at-once')) return;
    this.#busy = CancellationScope.nonCancellable(() => this.#handOver())
      // Never rejects: a rejection while the run awaits something else would block it forever.
      .catch((error: unknown) => {
        log.warn('Backfill could not be continued in a new workflow', {
          source: this.#source,
          error: failureOf(error, 'requestBackfill').message,
        });
      })
      .finally(() => (this.#busy = null));
  }

  async #handOver(): Promise<void> {
    while (!this.#inbox.isEmpty) {
      const payloads = this.#inbox.takePayloads();
      await storeActivities(this.#source).requestBackfill({ source: this.#source, payloads });
    }
  }
}
