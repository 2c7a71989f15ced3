import { CancellationScope, patched } from '@temporalio/workflow';
import type { WriteBatchesResult } from '../../activities/run/write-batches.ts';
import type { BatchRef } from '../../domain/run/batch.ts';
import { faultsOfBatch, permanentFailures } from '../../domain/run/failed-attempt.ts';
import type { RunFailure } from '../../domain/run/run-failure.ts';
import { addCounts, noCounts, sumCounts, type SinkCounts, type Tally } from '../../domain/run/receipt.ts';
import { sinks, type Sink } from '../../domain/run/sink.ts';
import { storeActivities, writeActivities } from '../activities.ts';
import { failureOf } from '../support/failure.ts';
import { CombinedWrite, type FirstWrite } from './combined-write.ts';

/** How many batches are written at once. */
const maxInFlight = 4;
/** How many of them one activity writes: a page may have many. */
const maxTogether = 2;

/** Settled batches after which the state is saved in mid-run. */
const saveEvery = 10;

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
  /** The first writes of batches that are added together. */
  readonly #combined: CombinedWrite;
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
    this.#combined = new CombinedWrite(source, down);
    const { csv, postgres, batches } = counts;
    this.#counts = { csv, postgres, batches };
  }

  get counts(): Pick<Tally, Sink | 'batches'> {
    return this.#counts;
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  /** Whether so many batches are settled that the state is to be saved in mid-run. */
  get isSaveDue(): boolean {
    return this.#settled.length >= saveEvery;
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

  /** Whether one activity could write these batches and end the run: they are all that there is, and no sink was down. */
  mayFinishWith(batches: readonly BatchRef[]): boolean {
    return this.#added === 0 && batches.length > 0 && batches.length <= maxTogether && this.#combined.isUp;
  }

  /** The run was ended together with its writes. */
  finishedWith({ csv, postgres, batches }: Pick<Tally, Sink | 'batches'>): void {
    this.#counts = { csv, postgres, batches };
  }

  /**
   * Starts writing batches together, as soon as there is room.
   * @param before what came of the first attempt, where that was made
   */
  async addTogether(batches: readonly BatchRef[], before?: WriteBatchesResult): Promise<void> {
    for (let start = 0; start < batches.length; start += maxTogether) {
      while (this.#inFlight.length >= maxInFlight) await this.#settleOldest();
      if (this.#failure) return;
      const together = batches.slice(start, start + maxTogether);
      this.#added += together.length;
      for (const written of this.#writeTogether(together, before)) this.#inFlight.push(written);
    }
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

  /** The same for several at once; what a sink does not accept then is offered to it alone. */
  #writeTogether(batches: readonly BatchRef[], before?: WriteBatchesResult): InFlight[] {
    const first = CancellationScope.nonCancellable(() => this.#combined.write(batches, before));
    const at = (sink: Sink, index: number) => first.then((writes) => writes[index]?.[sink]);
    return batches.map((batch, index) => ({
      batch,
      outcomes: CancellationScope.nonCancellable(async () => {
        const csv = this.#writeTo('csv', batch, at('csv', index));
        const postgres = this.#writeTo('postgres', batch, at('postgres', index));
        return { csv: await csv, postgres: await postgres };
      }),
    }));
  }

  /**
   * What a sink does not accept after all attempts is deferred.
   * @param first what came of an attempt together with the other sink
   */
  async #writeTo(sink: Sink, batch: BatchRef, first?: Promise<FirstWrite | undefined>): Promise<WriteOutcome> {
    // One more step in between may change the order of an old history's commands.
    const outcome = await (first ? this.#goOn(sink, batch, first) : this.#offer(sink, batch));
    if (!('failure' in outcome) || permanentFailures.has(outcome.failure.type)) return outcome;
    const { type, message } = outcome.failure;
    const reason = `${type}: ${message}`;
    try {
      await storeActivities(this.#source).deferBatches({ source: this.#source, sink, batches: [batch], reason });
    } catch (error) {
      return { failure: failureOf(error, `deferral from ${sink}`) };
    }
    return { counts: { ...noCounts, deferred: batch.records }, deferredBecause: reason };
  }

  async #goOn(sink: Sink, batch: BatchRef, tried: Promise<FirstWrite | undefined>): Promise<WriteOutcome> {
    const first = await tried;
    if (first && 'counts' in first) return { counts: first.counts, deferredBecause: null };
    if (!first || 'failure' in first) return first ?? this.#offer(sink, batch);
    await first.due;
    const outcome = await this.#offer(sink, batch, first.attemptsBefore);
    if ('counts' in outcome) this.#combined.accepted(sink);
    return outcome;
  }

  /** A sink that the last run found down is tried once, with one batch; if it accepts that, it gets the usual retries. */
  async #offer(sink: Sink, batch: BatchRef, attemptsBefore = 0): Promise<WriteOutcome> {
    if (!this.#combined.mayBeDown(sink) || attemptsBefore > 0)
      return attempt(this.#source, sink, batch, false, attemptsBefore);
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
async function attempt(
  source: string,
  sink: Sink,
  batch: BatchRef,
  wasDown: boolean,
  attemptsBefore = 0,
): Promise<WriteOutcome> {
  const activities = writeActivities(source, wasDown, attemptsBefore);
  try {
    const input = { batch, ...(attemptsBefore > 0 ? { attemptsBefore } : {}) };
    const counts = await (sink === 'csv' ? activities.writeCsv(input) : activities.writePostgres(input));
    return { counts, deferredBecause: null };
  } catch (error) {
    return { failure: failureOf(error, `write to ${sink}`) };
  }
}
