import { Context } from '@temporalio/activity';
import { Instance } from '../../domain/instance.ts';
import { addCounts, noCounts, type SinkCounts } from '../../domain/run/receipt.ts';
import type { Sink } from '../../domain/run/sink.ts';
import type { StorageWriter } from '../../sinks/storage-writer.ts';
import { listDeferred } from '../../store/delivery/deferred.ts';
import { lastDelivered } from '../../store/delivery/delivery-receipts.ts';
import { storeVerdicts } from '../../store/alerts/store-alert.ts';
import { clearWaitingReason, noteWaitingReason } from '../../store/delivery/waiting-reason.ts';
import { recordAlerts } from '../alerts/record-alerts.ts';
import { DeliveredBatches } from './delivered-batches.ts';
import { deliverBatch, type DeliveryTools } from './deliver-batch.ts';
import { TriedBatches } from './delivery-pass.ts';
import type { Uses } from '../support/dependencies.ts';
import { startSinkWatch } from '../../temporal/start-sink-watch.ts';
import { reasonOf } from '../support/failure.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import { WatchRequests } from './watch-requests.ts';
import { adapterContext, type AdapterContext } from '../support/adapter-context.ts';
import { redactorFor } from '../support/source-secrets.ts';

export interface DeliverBatchesInput {
  readonly source: string;
  readonly sink: Sink;
  /** Whether refused batches are reported in the result; if not, the first of them fails the activity at its end. */
  readonly reportRefusals?: boolean;
  /** Whether an unavailable sink is watched, and reported in the result; if not, it fails the activity. */
  readonly reportOutage?: boolean;
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
  /** Set if the sink accepts nothing: why. Its watch will signal the deliverer. */
  readonly outage?: string;
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
 * repeat because writing a batch again stores and counts nothing twice; a batch itself is never deleted here.
 */
export function createDeliverBatches(dependencies: DeliveryTools & Uses<Sink | 'searchAttribute' | 'sinkProbeMs'>) {
  const places = new ConcurrencyLimit(concurrency);
  const tried = new TriedBatches();
  const watches = new WatchRequests();
  return async function deliverBatches(input: DeliverBatchesInput): Promise<DeliverBatchesResult> {
    const { sink } = input;
    const context = adapterContext();
    const result = await places.run(`delivery to ${sink}`, () =>
      new Delivery(dependencies, tried, input, context).run(),
    );
    if (result.outage !== undefined) {
      // Before the deliverer waits: a watch that is about to end continues then.
      const { client, info } = Context.current();
      const instance = Instance.ofQueue(info.taskQueue);
      await watches.request(sink, () => startSinkWatch(client, instance, sink, dependencies.sinkProbeMs));
    }
    return result;
  };
}

class Delivery {
  readonly #dependencies: DeliveryTools & Uses<Sink | 'searchAttribute'>;
  readonly #tried: TriedBatches;
  readonly #input: DeliverBatchesInput;
  readonly #context: AdapterContext;
  readonly #settling: DeliveredBatches;
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
    const { workflowId = '', runId = '' } = Context.current().info.workflowExecution ?? {};
    this.#settling = new DeliveredBatches(dependencies.store, {
      source: input.source,
      sink: input.sink,
      workflowId,
      runId,
    });
  }

  async run(): Promise<DeliverBatchesResult> {
    const { store, searchAttribute } = this.#dependencies;
    const { sink, source, reportRefusals, reportOutage } = this.#input;
    const paths = await listDeferred(store, sink, source);
    let triedAll = false;
    let outage: string | undefined;
    try {
      triedAll = await this.#pass(paths);
    } catch (error) {
      if (this.#context.signal.aborted) throw error;
      outage = this.#reasonOf(error);
      // If it cannot be noted, another failure of the same kind follows.
      await noteWaitingReason(store, sink, source, outage).catch(() => undefined);
      if (reportOutage !== true) throw error;
    } finally {
      // Deliveries before a failure are counted too.
      await this.#settling.settle();
    }
    const refused = outage === undefined ? await this.#noteRefusals(triedAll) : undefined;
    if (refused !== undefined && reportRefusals !== true) throw this.#refusals[0];
    return {
      delivered: this.#delivered,
      counts: this.#counts,
      left: await this.#countLeft(),
      searchAttribute: searchAttribute(),
      ...(refused === undefined ? {} : { refused }),
      ...(outage === undefined ? {} : { outage }),
    };
  }

  /** @returns whether all were tried */
  async #pass(paths: readonly string[]): Promise<boolean> {
    const { sink, source } = this.#input;
    const { signal, onProgress } = this.#context;
    const writer: StorageWriter = this.#dependencies[sink];
    if (paths.length > 0) await writer.probe(signal);
    const counted =
      paths.length > 0 ? await lastDelivered(this.#dependencies.store, sink, source, new Date()) : new Set<string>();
    const pass = this.#tried.begin(`${sink}/${source}`, paths, Date.now());
    for (let path = pass.next(Date.now()); path !== null; path = pass.next(Date.now())) {
      signal.throwIfAborted();
      const outcome = await deliverBatch(this.#dependencies, writer, path, counted, this.#context);
      if (outcome.became === 'refused') {
        this.#refusals.push(outcome.error);
        pass.refused();
      } else if (outcome.became === 'unreadable') {
        this.#unreadable.add(path);
      } else if (outcome.became === 'delivered') {
        this.#counts = addCounts(this.#counts, outcome.counts);
        await this.#settling.add(outcome.batch, outcome.counts);
        pass.delivered(Date.now());
        onProgress({ delivered: ++this.#delivered });
      }
    }
    return pass.isComplete;
  }

  /** Notes for `status` why batches are deferred. */
  async #noteRefusals(triedAll: boolean): Promise<RefusedTally | undefined> {
    const { sink, source } = this.#input;
    const [first] = this.#refusals;
    if (first === undefined) return undefined;
    const reason = this.#reasonOf(first);
    await noteWaitingReason(this.#dependencies.store, sink, source, reason);
    return { batches: this.#refusals.length, reason, triedAll };
  }

  #reasonOf(error: unknown): string {
    return reasonOf(error, redactorFor(this.#input.source, this.#dependencies));
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
}
