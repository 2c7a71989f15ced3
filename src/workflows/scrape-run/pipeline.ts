import { CancellationScope, patched } from '@temporalio/workflow';
import type { BatchRef } from '../../domain/run/batch.ts';
import { addCounts, noCounts, sumCounts, type SinkCounts, type Tally } from '../../domain/run/receipt.ts';
import { sinks, type Sink } from '../../domain/run/sink.ts';
import { storeActivities, writeActivities } from '../activities.ts';
import { failureOf, type RunFailure } from '../support/failure.ts';

/** How many batches are written at once. */
const maxInFlight = 4;

/** The outcome of a batch at a sink. */
type WriteOutcome =
  | { readonly counts: SinkCounts; readonly deferredBecause: string | null }
  /** No sink will ever accept it. */
  | { readonly failure: RunFailure };

interface InFlight {
  readonly batch: BatchRef;
  /** Never rejects: a rejection while the workflow awaits something else would fail the workflow task forever. */
  readonly outcomes: Promise<Readonly<Record<Sink, WriteOutcome>>>;
}

/** A callback once every batch added before it is settled successfully. */
interface Checkpoint {
  readonly afterBatches: number;
  readonly reached: () => void;
}

/** Writes batches to both sinks, a few at a time, and settles them in the order they came. */
export class Pipeline {
  readonly #source: string;
  readonly #down: ReadonlySet<Sink>;
  /** The first write to each sink that the last run found down. */
  readonly #probes = new Map<Sink, Promise<WriteOutcome>>();
  readonly #inFlight: InFlight[] = [];
  readonly #checkpoints: Checkpoint[] = [];
  #added = 0;
  #settledWell = 0;
  /** Batches that both sinks have settled and that are not released yet. */
  readonly #settled: BatchRef[] = [];
  /** Why batches wait for a sink. */
  readonly deferredBecause = new Map<Sink, string>();
  /** Sinks that accepted a batch, and those that did not. */
  readonly sinksUp = new Set<Sink>();
  readonly sinksDown = new Set<Sink>();
  #failure: RunFailure | null = null;
  #counts: Pick<Tally, Sink | 'batches'>;

  /** @param down sinks that the last run found down */
  constructor(source: string, down: ReadonlySet<Sink>, counts: Pick<Tally, Sink | 'batches'>) {
    this.#source = source;
    this.#down = down;
    const { csv, postgres, batches } = counts;
    this.#counts = { csv, postgres, batches };
  }

  get counts(): Pick<Tally, Sink | 'batches'> {
    return this.#counts;
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  /** Batches that may be released. */
  get settledCount(): number {
    return this.#settled.length;
  }

  /** The first write that neither succeeded nor can be deferred. */
  get failure(): RunFailure | null {
    return this.#failure;
  }

  /** Starts writing a batch, as soon as there is room. */
  async add(batch: BatchRef): Promise<void> {
    while (this.#inFlight.length >= maxInFlight) await this.#settleOldest();
    // Batches after a failed one stay in the spool; the next run fetches it again.
    if (this.#failure) return;
    this.#added++;
    this.#inFlight.push({ batch, outcomes: this.#write(batch) });
  }

  /** Calls back once all batches added so far are settled well, in order; never if one of them fails. */
  checkpoint(reached: () => void): void {
    this.#checkpoints.push({ afterBatches: this.#added, reached });
    this.#reachCheckpoints();
  }

  /** Waits for everything in flight. */
  async drain(): Promise<void> {
    while (this.#inFlight.length > 0) await this.#settleOldest();
  }

  /** Hands over the batches that may be released. */
  takeSettled(): BatchRef[] {
    return this.#settled.splice(0);
  }

  /** Writes are never cancelled: what was fetched is stored, then the run ends. */
  async #write(batch: BatchRef): Promise<Readonly<Record<Sink, WriteOutcome>>> {
    return CancellationScope.nonCancellable(async () => {
      const csv = this.#writeTo('csv', batch);
      const postgres = this.#writeTo('postgres', batch);
      return { csv: await csv, postgres: await postgres };
    });
  }

  /** What a sink does not accept after all attempts is deferred. */
  async #writeTo(sink: Sink, batch: BatchRef): Promise<WriteOutcome> {
    const outcome = await this.#offer(sink, batch);
    if (!('failure' in outcome) || permanentFailures.has(outcome.failure.type)) return outcome;
    const { type, message } = outcome.failure;
    const reason = `${type}: ${message}`;
    await storeActivities(this.#source).deferBatches({ source: this.#source, sink, batches: [batch], reason });
    return { counts: { ...noCounts, deferred: batch.records }, deferredBecause: reason };
  }

  /** A sink that the last run found down is tried once, with one batch; if it accepts that, it gets the usual retries. */
  async #offer(sink: Sink, batch: BatchRef): Promise<WriteOutcome> {
    if (!this.#down.has(sink)) return attempt(this.#source, sink, batch, false);
    const probe = this.#probes.get(sink);
    if (!probe) {
      const first = attempt(this.#source, sink, batch, true);
      this.#probes.set(sink, first);
      return first;
    }
    const outcome = await probe;
    return 'failure' in outcome ? outcome : attempt(this.#source, sink, batch, false);
  }

  async #settleOldest(): Promise<void> {
    const oldest = this.#inFlight[0];
    if (!oldest) return;
    const outcomes = await oldest.outcomes;
    this.#inFlight.shift();
    let well = true;
    let waits = false;
    for (const sink of sinks) {
      const outcome = settledExactly(sink, oldest.batch, outcomes[sink]);
      if ('counts' in outcome) {
        this.#counts = { ...this.#counts, [sink]: addCounts(this.#counts[sink], outcome.counts) };
        if (outcome.deferredBecause === null) this.sinksUp.add(sink);
        else {
          waits = true;
          this.sinksDown.add(sink);
          this.deferredBecause.set(sink, outcome.deferredBecause);
        }
      } else {
        well = false;
        if (!faultsOfBatch.has(outcome.failure.type)) this.sinksDown.add(sink);
        this.#failure ??= outcome.failure;
      }
    }
    this.#counts = { ...this.#counts, batches: this.#counts.batches + 1 };
    if (!well || this.#failure) return;
    this.#settledWell++;
    // A batch that waits stays in the spool.
    if (!waits) this.#settled.push(oldest.batch);
    this.#reachCheckpoints();
  }

  #reachCheckpoints(): void {
    while (!this.#failure && this.#checkpoints[0] && this.#checkpoints[0].afterBatches <= this.#settledWell) {
      this.#checkpoints.shift()?.reached();
    }
  }
}

/** Failures that are not the sink's. */
const faultsOfBatch: ReadonlySet<string> = new Set(['BatchGone', 'BatchDamaged', 'ReceiptUnbalanced']);

/** Failures that no later attempt can fix. */
const permanentFailures: ReadonlySet<string> = new Set(['DataCorrupted', ...faultsOfBatch]);

/**
 * A batch is settled only if a sink accounts for each of its records: what it does not account for would be lost once the
 * state passes the batch. A worker of 0.2.0 may read a batch that is cut short, and count what is left of it.
 */
function settledExactly(sink: Sink, batch: BatchRef, outcome: WriteOutcome): WriteOutcome {
  if ('failure' in outcome) return outcome;
  const settled = sumCounts(outcome.counts);
  // Histories of 0.2.0 have passed such batches.
  if (settled === batch.records || !patched('settle-exactly')) return outcome;
  const message = `${sink} settled ${settled} of the ${batch.records} records of batch ${batch.number}`;
  return { failure: { type: 'ReceiptUnbalanced', message: `receipt: ${message}` } };
}

/** @param wasDown whether the sink is tried once only */
async function attempt(source: string, sink: Sink, batch: BatchRef, wasDown: boolean): Promise<WriteOutcome> {
  const activities = writeActivities(source, wasDown);
  try {
    const counts = await (sink === 'csv' ? activities.writeCsv({ batch }) : activities.writePostgres({ batch }));
    return { counts, deferredBecause: null };
  } catch (error) {
    return { failure: failureOf(error, `write to ${sink}`) };
  }
}
