import { log } from '@temporalio/activity';
import type { BatchRef } from '../../domain/run/batch.ts';
import { addCounts, noCounts, type SinkCounts } from '../../domain/run/receipt.ts';
import type { Sink } from '../../domain/run/sink.ts';
import type { BlobStore } from '../../store/blobs/blob-store.ts';
import { unmarkDeferred } from '../../store/delivery/deferred.ts';
import { writeDeliveryReceipt } from '../../store/delivery/delivery-receipts.ts';

/** Delivered batches that have a receipt together. */
const maxTogether = 20;
/** A marker stays no longer than this behind its batch. */
const maxWaitMs = 5_000;

/** Whose receipts they are. */
export interface Deliverer {
  readonly source: string;
  readonly sink: Sink;
  readonly workflowId: string;
  readonly runId: string;
}

/**
 * Batches that a sink has stored and that still have their markers: first a receipt counts them, then the markers go. A process that
 * is killed in between leaves markers of batches that the last receipt names; one that is killed before leaves them to be written
 * again, with the same counts.
 */
export class DeliveredBatches {
  readonly #store: BlobStore;
  readonly #of: Deliverer;
  #batches: BatchRef[] = [];
  #counts = noCounts;
  #startedAt = new Date();
  #finishedMs = 0;

  constructor(store: BlobStore, of: Deliverer) {
    this.#store = store;
    this.#of = of;
  }

  async add(batch: BatchRef, counts: SinkCounts): Promise<void> {
    this.#batches.push(batch);
    this.#counts = addCounts(this.#counts, counts);
    const waitedMs = Date.now() - this.#startedAt.getTime();
    if (this.#batches.length >= maxTogether || waitedMs >= maxWaitMs) await this.settle();
  }

  async settle(): Promise<void> {
    const [batches, counts, startedAt] = [this.#batches, this.#counts, this.#startedAt];
    // Each has a name of its own.
    this.#finishedMs = Math.max(Date.now(), this.#finishedMs + 1);
    const finishedAt = new Date(this.#finishedMs);
    [this.#batches, this.#counts, this.#startedAt] = [[], noCounts, finishedAt];
    if (batches.length === 0) return;
    const done = { ...this.#of, batches: batches.length, hashes: batches.map(({ hash }) => hash), counts };
    const times = { startedAt: startedAt.toISOString(), finishedAt: finishedAt.toISOString() };
    await writeDeliveryReceipt(this.#store, { ...done, ...times });
    for (const batch of batches) await unmarkDeferred(this.#store, this.#of.sink, batch);
    const { source, sink } = this.#of;
    const durationMs = finishedAt.getTime() - startedAt.getTime();
    log.info('Deferred batches delivered', { source, sink, batches: batches.length, ...counts, durationMs });
  }
}
