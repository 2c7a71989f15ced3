import { sleep } from '@temporalio/workflow';
import type { TriedWrite, WriteBatchesResult } from '../../activities/run/write-batches.ts';
import type { BatchRef } from '../../domain/run/batch.ts';
import { permanentFailures } from '../../domain/run/failed-attempt.ts';
import type { SinkCounts } from '../../domain/run/receipt.ts';
import type { RunFailure } from '../../domain/run/run-failure.ts';
import { sinks, type Sink } from '../../domain/run/sink.ts';
import { combinedWriteActivities, firstWriteDelayMs } from '../activities.ts';

/** What came of a batch's first write at a sink. */
export type FirstWrite =
  | { readonly counts: SinkCounts }
  /** It is not tried again. */
  | { readonly failure: RunFailure }
  /** The sink's own activity continues, after so many attempts that count, once the next one is due. */
  | { readonly attemptsBefore: number; readonly due: Promise<void> };

export type FirstWrites = readonly Readonly<Record<Sink, FirstWrite>>[];

/** The first writes of a run's batches: to both sinks at once. */
export class CombinedWrite {
  readonly #source: string;
  /** Sinks that the last run found down: each with its failure once this run has found it down, too. */
  readonly #down: Map<Sink, RunFailure | null>;
  /** While there is such a sink, only one write is on its way. */
  #last: Promise<unknown> | null = null;

  constructor(source: string, down: ReadonlySet<Sink>) {
    this.#source = source;
    this.#down = new Map([...down].map((sink) => [sink, null]));
  }

  /**
   * Tries once to write batches. Never rejects where it is not cancelled.
   * @param before what came of it, where that has been done
   */
  async write(batches: readonly BatchRef[], before?: WriteBatchesResult): Promise<FirstWrites> {
    if (before) return this.#judgeAll(batches, before);
    if (this.#down.size === 0) return this.#try(batches);
    const tried = (this.#last ?? Promise.resolve()).then(() => this.#try(batches));
    this.#last = tried;
    return tried;
  }

  /** Whether the last run found no sink down. */
  get isUp(): boolean {
    return this.#down.size === 0;
  }

  /** Whether the last run found a sink down, and this one has not found it up. */
  mayBeDown(sink: Sink): boolean {
    return this.#down.has(sink);
  }

  /** A sink that was down has accepted a batch from its own activity. */
  accepted(sink: Sink): void {
    this.#down.delete(sink);
  }

  async #try(batches: readonly BatchRef[]): Promise<FirstWrites> {
    const except = sinks.filter((sink) => this.#down.get(sink));
    const input = { source: this.#source, batches, ...(except.length > 0 ? { except } : {}) };
    const none: WriteBatchesResult = [];
    const tried =
      except.length === sinks.length
        ? none
        : await combinedWriteActivities(this.#source, batches)
            .writeBatches(input)
            // The worker was lost: that says nothing about the sinks.
            .catch(() => none);
    return this.#judgeAll(batches, tried);
  }

  #judgeAll(batches: readonly BatchRef[], tried: WriteBatchesResult): FirstWrites {
    const csv = this.#judge('csv', batches, tried);
    const postgres = this.#judge('postgres', batches, tried);
    return batches.map((_batch, index) => ({ csv: csv[index] ?? lost, postgres: postgres[index] ?? lost }));
  }

  #judge(sink: Sink, batches: readonly BatchRef[], tried: WriteBatchesResult): FirstWrite[] {
    const due = once(() => sleep(delayMs(tried.map((of) => of[sink]))));
    return batches.map((_batch, index) => this.#first(sink, tried[index]?.[sink], due));
  }

  #first(sink: Sink, tried: TriedWrite | undefined, due: () => Promise<void>): FirstWrite {
    const found = this.#down.get(sink);
    if (found) return { failure: found };
    if (tried === undefined || 'slow' in tried) return lost;
    if ('counts' in tried) {
      this.#down.delete(sink);
      return tried;
    }
    const { type, message, isFinal } = tried.failure;
    const failure = { type, message };
    if (permanentFailures.has(type)) return { failure };
    // A sink that was down at the last run is tried once.
    if (found === null) this.#down.set(sink, failure);
    return isFinal || found === null ? { failure } : { attemptsBefore: 1, due: due() };
  }
}

/** No attempt that counts: the worker was lost, or the sink was slow. */
const lost: FirstWrite = { attemptsBefore: 0, due: Promise.resolve() };

/** How long the next attempt is to wait. */
function delayMs(tried: readonly (TriedWrite | undefined)[]): number {
  const asked = tried.map((of) => (of && 'failure' in of ? (of.failure.retryAfterMs ?? 0) : 0));
  return asked.reduce((longest, ms) => Math.max(longest, ms), 0) || firstWriteDelayMs;
}

function once(work: () => Promise<void>): () => Promise<void> {
  let begun: Promise<void> | null = null;
  return () => (begun ??= work());
}
