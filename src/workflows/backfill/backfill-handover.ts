import { CancellationScope, log, patched } from '@temporalio/workflow';
import { storeActivities } from '../activities.ts';
import { RequestQueue } from './request-queue.ts';
import { failureOf } from '../support/failure.ts';

/**
 * Backfills are asked for at a run, too: whoever has the source at hand in the Web UI. A workflow of their own does them;
 * they are handed to it as they come, whatever the run does or waits for meanwhile.
 */
export class BackfillHandover {
  readonly #source: string;
  readonly #inbox: RequestQueue;
  #busy: Promise<void> | null = null;

  constructor(source: string) {
    this.#source = source;
    // Signals that came first are heard while the inbox is being made.
    this.#inbox = new RequestQueue(() => this.#start());
    if (!this.#inbox.isEmpty) this.#start();
  }

  /** Waits until everything is handed over. Nothing is to be awaited between this and the end of the run. */
  async settled(): Promise<void> {
    do await (this.#busy ?? this.#handOver());
    while (!this.#inbox.isEmpty);
  }

  /** A cancelled run hands over what it was asked for, too. */
  #start(): void {
    // oxlint-disable-next-line typescript/no-unnecessary-condition -- called while it is being made
    if (!this.#inbox || this.#busy || !patched('hand-over-at-once')) return;
    this.#busy = CancellationScope.nonCancellable(() => this.#handOver())
      // Never rejects: a rejection while the run awaits something else would stick it for ever.
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
