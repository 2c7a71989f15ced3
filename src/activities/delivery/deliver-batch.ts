import type { BatchRef } from '../../domain/run/batch.ts';
import { BatchDamaged, BatchGone, messageOf } from '../../domain/errors.ts';
import type { SinkCounts } from '../../domain/run/receipt.ts';
import type { StorageWriter } from '../../sinks/storage-writer.ts';
import { setDamagedAside, wasSetAside } from '../../store/delivery/damaged-batches.ts';
import { markMissing, takeMarker, unmarkDeferred } from '../../store/delivery/deferred.ts';
import type { DeferredBatch } from '../../store/delivery/deferred-batch.ts';
import { readState } from '../../store/run/states.ts';
import { recordAlerts, type AlertTools } from '../alerts/record-alerts.ts';
import type { AdapterContext } from '../support/adapter-context.ts';
import { redactorFor } from '../support/source-secrets.ts';
import { writeTo, type WriteTools } from '../run/write-batch.ts';

export type DeliveryTools = AlertTools & WriteTools;

/** The outcome of a deferred batch. */
export type BatchOutcome =
  /** Its marker is still there. */
  | { readonly became: 'delivered'; readonly batch: BatchRef; readonly counts: SinkCounts }
  /** It waits for another attempt. */
  | { readonly became: 'refused'; readonly error: unknown }
  /** The spool no longer has it. */
  | { readonly became: 'lost' }
  /** It was damaged: it is set aside, and its source is polled again. */
  | { readonly became: 'damaged' }
  /** Its marker can neither be read nor rebuilt: it stays, and was reported to the store. */
  | { readonly became: 'unreadable' }
  /** Its marker is gone: it was delivered elsewhere, or before. */
  | { readonly became: 'settled' };

/**
 * Delivers the batch of a marker.
 * @param counted hashes of batches that a receipt counts already: their markers only have to go
 * @throws only if the work has to end: it was cancelled, or the sink no longer answers
 */
export async function deliverBatch(
  dependencies: DeliveryTools,
  writer: StorageWriter,
  path: string,
  counted: ReadonlySet<string>,
  context: AdapterContext,
): Promise<BatchOutcome> {
  try {
    const marker = await takeMarker(dependencies.store, path);
    if (marker === null) return { became: 'settled' };
    if ('damaged' in marker) return { became: 'unreadable' };
    const { batch } = marker.ok;
    if (counted.has(batch.hash)) {
      await unmarkDeferred(dependencies.store, writer.sink, batch);
      return { became: 'settled' };
    }
    return await deliverDeferred(dependencies, writer, marker.ok, context);
  } catch (error) {
    context.signal.throwIfAborted();
    // An unavailable sink is detected at once, not batch by batch. One that answers refuses only this batch, for any reason: later ones
    // need not wait.
    await writer.probe(context.signal);
    return { became: 'refused', error };
  }
}

async function deliverDeferred(
  dependencies: DeliveryTools,
  writer: StorageWriter,
  deferred: DeferredBatch,
  context: AdapterContext,
): Promise<BatchOutcome> {
  const { store } = dependencies;
  const { sink } = writer;
  try {
    const counts = await writeTo(dependencies, writer, deferred.batch, context);
    return { became: 'delivered', batch: deferred.batch, counts };
  } catch (error) {
    const isGone = error instanceof BatchGone;
    if (error instanceof BatchDamaged || (isGone && (await wasSetAside(store, deferred.batch)))) {
      await setDamagedAside(store, deferred.batch);
      return { became: 'damaged' };
    }
    if (!isGone) throw error;
    await reportGone(dependencies, writer, deferred, error);
    await markMissing(store, sink, deferred, (await readState(store, deferred.batch.source)).epoch);
    return { became: 'lost' };
  }
}

/** An alert: its records are neither stored nor known. */
async function reportGone(
  dependencies: DeliveryTools,
  { sink }: StorageWriter,
  { batch }: DeferredBatch,
  error: BatchGone,
): Promise<void> {
  // If the earliest time of its records is unknown, only a complete poll is certain to fetch them.
  const command = batch.earliest === undefined ? 'reset' : 'rewind';
  const message = `${messageOf(error)}; ${batch.records} records never reached ${sink}: fetch them again with ./daybook state ${command}`;
  const redact = redactorFor(batch.source, dependencies);
  await recordAlerts(dependencies, batch.source, [{ name: 'batch_gone', message }], redact);
}
