import { Context, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { messageOf } from '../../domain/errors.ts';
import { addCounts, noCounts, type SinkCounts } from '../../domain/run/receipt.ts';
import type { Sink } from '../../domain/run/sink.ts';
import type { StorageWriter } from '../../sinks/storage-writer.ts';
import { listDeferred } from '../../store/delivery/deferred.ts';
import { writeDeliveryReceipt } from '../../store/run/receipts.ts';
import { storeVerdicts } from '../../store/alerts/store-alert.ts';
import { clearWaitingReason, noteWaitingReason } from '../../store/delivery/waiting-reason.ts';
import { recordAlerts } from '../alerts/record-alerts.ts';
import { deliverBatch, type DeliveryTools } from './deliver-batch.ts';
import { TriedBatches } from './delivery-pass.ts';
import type { Uses } from '../support/dependencies.ts';
import { toFailure } from '../support/failure.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import { adapterContext, type AdapterContext } from '../support/adapter-context.ts';
import { redactorFor } from '../support/source-secrets.ts';

export interface DeliverBatchesInput {
  readonly source: string;
  readonly sink: Sink;
  /** Whether refused batches are reported in the result; if not, the first of them fails the activity at its end. */
  readonly reportRefusals?: boolean;
}

export interface DeliverBatchesResult {
  readonly delivered: number;
  readonly counts: SinkCounts;
  /** Batches that are still deferred. */
  readonly left: number;
  /** Whether the workflow may upsert the search attribute. */
  readonly searchAttribute: boolean;
  /** Set if the sink answers, but does not accept every batch. */
  readonly refused?: RefusedTally;
}

export interface RefusedTally {
  readonly batches: number;
  /** Why the first of them was refused. */
  readonly reason: string;
  /** Whether the pass reached its end: nothing is known about batches that it did not reach. */
  readonly triedAll: boolean;
}

/** Deliveries of this worker that write at once: live runs go first. */
const concurrency = 3;

/**
 * Delivers the deferred batches for a sink, the oldest first, and deletes their markers. Refused ones do not block others. Safe to
 * repeat because writing a batch again stores nothing twice; a batch itself is never deleted here.
 */
export function createDeliverBatches(dependencies: DeliveryTools & Uses<Sink | 'searchAttribute'>) {
  const places = new ConcurrencyLimit(concurrency);
  const tried = new TriedBatches();
  return async function deliverBatches(input: DeliverBatchesInput): Promise<DeliverBatchesResult> {
    const context = adapterContext();
    return places.run(`delivery to ${input.sink}`, () => new Delivery(dependencies, tried, input, context).run());
  };
}

class Delivery {
  readonly #dependencies: DeliveryTools & Uses<Sink | 'searchAttribute'>;
  readonly #tried: TriedBatches;
  readonly #input: DeliverBatchesInput;
  readonly #context: AdapterContext;
  readonly #startedAt = new Date();
  #counts = noCounts;
  #delivered = 0;
  readonly #refusals: unknown[] = [];
  /** Markers that cannot be read: an alert names them. */
  readonly #unreadable = new Set<string>();

  constructor(
    dependencies: DeliveryTools & Uses<Sink | 'searchAttribute'>,
    tried: TriedBatches,
    input: DeliverBatchesInput,
    context: AdapterContext,
  ) {
    this.#dependencies = dependencies;
    this.#tried = tried;
    this.#input = input;
    this.#context = context;
  }

  async run(): Promise<DeliverBatchesResult> {
    const { store, searchAttribute } = this.#dependencies;
    const { sink, source, reportRefusals } = this.#input;
    const paths = await listDeferred(store, sink, source);
    let triedAll = false;
    try {
      triedAll = await this.#pass(paths);
    } catch (error) {
      // If it cannot be noted, another failure of the same kind follows.
      if (!this.#context.signal.aborted) await this.#noteReason(error).catch(() => undefined);
      throw error;
    } finally {
      // Deliveries before a failure are counted too.
      if (this.#delivered > 0) await this.#keepReceipt();
    }
    const [first] = this.#refusals;
    const reason = first === undefined ? null : await this.#noteReason(first);
    if (reason !== null && reportRefusals !== true) throw first;
    return {
      delivered: this.#delivered,
      counts: this.#counts,
      left: await this.#countLeft(),
      searchAttribute: searchAttribute(),
      ...(reason === null
        ? {}
        : {
            refused: {
              batches: this.#refusals.length,
              reason,
              triedAll,
            },
          }),
    };
  }

  /** @returns whether all were tried */
  async #pass(paths: readonly string[]): Promise<boolean> {
    const { sink, source } = this.#input;
    const { signal, onProgress } = this.#context;
    const writer: StorageWriter = this.#dependencies[sink];
    if (paths.length > 0) await writer.probe(signal);
    const pass = this.#tried.begin(`${sink}/${source}`, paths, Date.now());
    for (let path = pass.next(Date.now()); path !== null; path = pass.next(Date.now())) {
      signal.throwIfAborted();
      const outcome = await deliverBatch(this.#dependencies, writer, path, this.#context);
      if (outcome.became === 'refused') {
        this.#refusals.push(outcome.error);
        pass.refused();
      } else if (outcome.became === 'unreadable') {
        this.#unreadable.add(path);
      } else if (outcome.became === 'delivered') {
        this.#counts = addCounts(this.#counts, outcome.counts);
        pass.delivered(Date.now());
        onProgress({ delivered: ++this.#delivered });
      }
    }
    return pass.isComplete;
  }

  /** Notes for `status` why batches are deferred. @returns it as it is reported */
  async #noteReason(error: unknown): Promise<string> {
    const { sink, source } = this.#input;
    const failure = toFailure(error, redactorFor(source, this.#dependencies), 1);
    const reason =
      failure instanceof ApplicationFailure ? `${failure.type ?? ''}: ${failure.message}` : messageOf(failure);
    await noteWaitingReason(this.#dependencies.store, sink, source, reason);
    return reason;
  }

  /** Without deferred batches the alert ends. */
  async #countLeft(): Promise<number> {
    const { sink, source } = this.#input;
    const { store } = this.#dependencies;
    const { length } = (await listDeferred(store, sink, source)).filter((path) => !this.#unreadable.has(path));
    if (length > 0) return length;
    await clearWaitingReason(store, sink, source);
    const redact = redactorFor(source, this.#dependencies);
    const settled = [{ name: `deferred_${sink}`, message: null } as const, ...(await storeVerdicts(store, source))];
    await recordAlerts(this.#dependencies, source, settled, redact);
    return 0;
  }

  async #keepReceipt(): Promise<void> {
    const { source, sink } = this.#input;
    const { workflowExecution } = Context.current().info;
    const finishedAt = new Date().toISOString();
    const done = { source, sink, batches: this.#delivered, counts: this.#counts };
    await writeDeliveryReceipt(this.#dependencies.store, {
      ...done,
      startedAt: this.#startedAt.toISOString(),
      finishedAt,
      workflowId: workflowExecution?.workflowId ?? '',
      runId: workflowExecution?.runId ?? '',
    });
    const durationMs = Date.parse(finishedAt) - this.#startedAt.getTime();
    const { batches, counts } = done;
    log.info('Deferred batches delivered', { source, sink, batches, ...counts, durationMs });
  }
}
