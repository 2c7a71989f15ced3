import { Context, log } from '@temporalio/activity';
import type { BatchRef } from '../domain/batch.ts';
import { BatchGone, DataCorrupted, messageOf, SinkMisconfigured } from '../domain/errors.ts';
import { addCounts, noCounts, type Sink, type SinkCounts } from '../domain/receipt.ts';
import type { StorageWriter } from '../sinks/storage-writer.ts';
import { listDeferred, readDeferred, setLost, unmarkDeferred } from '../store/deferred.ts';
import { readState } from '../store/states.ts';
import { writeDeliveryReceipt } from '../store/delivery-receipts.ts';
import { settleAndLog } from './alerts.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { runAdapter, type AdapterContext } from './run-adapter.ts';
import { Places } from './places.ts';
import { redactorFor } from './source-access.ts';
import { writeTo } from './write-batch.ts';

export interface DeliverBatchesInput {
  readonly source: string;
  readonly sink: Sink;
}

export interface DeliverBatchesResult {
  readonly delivered: number;
  readonly counts: SinkCounts;
  /** Batches that still wait. */
  readonly left: number;
  /** Whether the workflow may upsert the search attribute. */
  readonly searchAttribute: boolean;
}

/** Deliveries of this worker that write at once: live runs go first. */
const atOnce = 3;
/** A delivery gives up its turn after this long. */
const longestMs = 60_000;
/** Batches refused one after the other that say: the fault is not theirs. */
const mostRefused = 3;

/**
 * Delivers the batches that wait for a sink, the oldest first, and takes their markers away. Safe to repeat because writing
 * a batch again stores nothing twice; a batch itself is never deleted here.
 */
export function createDeliverBatches(dependencies: ActivityDependencies) {
  const places = new Places(atOnce);
  return async function deliverBatches({ source, sink }: DeliverBatchesInput): Promise<DeliverBatchesResult> {
    return runAdapter(redactorFor(source, dependencies), (context) =>
      places.take(`delivery to ${sink}`, () => deliver(dependencies, source, sink, context)),
    );
  };
}

async function deliver(
  dependencies: ActivityDependencies,
  source: string,
  sink: Sink,
  context: AdapterContext,
): Promise<DeliverBatchesResult> {
  const { store, searchAttribute } = dependencies;
  const writer: StorageWriter = dependencies[sink];
  const startedAt = new Date();
  const paths = await listDeferred(store, sink, source);
  // A sink that is away is found so at once, and not batch by batch.
  if (paths.length > 0) await writer.probe(context.signal);
  let counts = noCounts;
  let delivered = 0;
  const refusals: unknown[] = [];
  let inSuccession = 0;
  try {
    for (const path of paths) {
      context.signal.throwIfAborted();
      if (Date.now() - startedAt.getTime() > longestMs) break;
      const deferred = await readDeferred(store, path);
      if (!deferred) continue;
      try {
        const written = await writeOrLose(dependencies, writer, deferred.batch, context);
        inSuccession = 0;
        if (written === null) {
          await setLost(store, sink, deferred, (await readState(store, source)).epoch);
          continue;
        }
        await unmarkDeferred(store, sink, deferred.batch);
        counts = addCounts(counts, written);
        context.onProgress({ delivered: ++delivered });
      } catch (error) {
        // The sink answers, but does not take this batch: those behind it need not wait.
        if (!isRefusal(error) || ++inSuccession === mostRefused) throw error;
        refusals.push(error);
      }
    }
  } finally {
    // Also what came through before a failure is accounted for.
    if (delivered > 0) await keepReceipt(dependencies, { source, sink, batches: delivered, counts, startedAt });
  }
  if (refusals.length > 0) throw refusals[0];
  const left = await countLeft(dependencies, source, sink);
  return { delivered, counts, left, searchAttribute };
}

function isRefusal(error: unknown): boolean {
  return error instanceof SinkMisconfigured || error instanceof DataCorrupted;
}

/** Nothing that waits is an alert's end. */
async function countLeft(dependencies: ActivityDependencies, source: string, sink: Sink): Promise<number> {
  const { length } = await listDeferred(dependencies.store, sink, source);
  if (length > 0) return length;
  const redact = redactorFor(source, dependencies);
  await settleAndLog(dependencies, source, [{ name: `deferred_${sink}`, message: null }], redact);
  return 0;
}

/** Null where the batch is gone, which is an alert: its records are neither stored nor known. */
async function writeOrLose(
  dependencies: ActivityDependencies,
  writer: StorageWriter,
  batch: BatchRef,
  context: AdapterContext,
): Promise<SinkCounts | null> {
  try {
    return await writeTo(dependencies, writer, batch, context);
  } catch (error) {
    if (!(error instanceof BatchGone)) throw error;
    const message = `${messageOf(error)}; ${batch.records} records never reached ${writer.sink}: poll ${batch.source} again with ./daybook state rewind`;
    const redact = redactorFor(batch.source, dependencies);
    await settleAndLog(dependencies, batch.source, [{ name: 'batch_gone', message }], redact);
    return null;
  }
}

async function keepReceipt(
  { store }: ActivityDependencies,
  {
    startedAt,
    ...delivery
  }: DeliverBatchesInput & {
    readonly batches: number;
    readonly counts: SinkCounts;
    readonly startedAt: Date;
  },
): Promise<void> {
  const { workflowExecution } = Context.current().info;
  const finishedAt = new Date().toISOString();
  await writeDeliveryReceipt(store, {
    ...{ ...delivery, startedAt: startedAt.toISOString(), finishedAt },
    ...{ workflowId: workflowExecution?.workflowId ?? '', runId: workflowExecution?.runId ?? '' },
  });
  const { source, sink, batches, counts } = delivery;
  const durationMs = Date.parse(finishedAt) - startedAt.getTime();
  log.info('Delivered what had waited', { source, sink, batches, ...counts, durationMs });
}
