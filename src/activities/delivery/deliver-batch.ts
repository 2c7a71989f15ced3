import { BatchDamaged, BatchGone, messageOf } from '../../domain/errors.ts';
import type { SinkCounts } from '../../domain/run/receipt.ts';
import type { StorageWriter } from '../../sinks/storage-writer.ts';
import { setDamagedAside, wasSetAside } from '../../store/delivery/damaged-batches.ts';
import { markMissing, takeMarker, unmarkDeferred } from '../../store/delivery/deferred.ts';
import type { DeferredBatch } from '../../store/delivery/deferred-batch.ts';
import { readState } from '../../store/run/states.ts';
import { recordAlerts } from '../alerts/record-alerts.ts';
import type { ActivityDependencies } from '../support/dependencies.ts';
import type { AdapterContext } from '../support/run-activity.ts';
import { redactorFor } from '../support/source-secrets.ts';
import { writeTo } from '../run/write-batch.ts';

/** What became of a batch that waited. */
export type BatchOutcome =
  | { readonly became: 'delivered'; readonly counts: SinkCounts }
  /** It waits for another try. */
  | { readonly became: 'refused'; readonly error: unknown }
  /** The spool no longer has it. */
  | { readonly became: 'lost' }
  /** It was not what was spooled: it is set aside, and its source is asked again. */
  | { readonly became: 'damaged' }
  /** Its marker can neither be read nor rebuilt: it stays, and the store was told. */
  | { readonly became: 'unreadable' }
  /** Its marker is gone: someone else delivered it. */
  | { readonly became: 'settled' };

/**
 * Delivers the batch of a marker, and takes the marker away.
 * @throws only where the work is to end: it was cancelled, or the sink no longer answers
 */
export async function deliverBatch(
  dependencies: ActivityDependencies,
  writer: StorageWriter,
  path: string,
  context: AdapterContext,
): Promise<BatchOutcome> {
  try {
    const marker = await takeMarker(dependencies.store, path);
    if (marker === null) return { became: 'settled' };
    if ('damaged' in marker) return { became: 'unreadable' };
    return await deliverDeferred(dependencies, writer, marker.ok, context);
  } catch (error) {
    context.signal.throwIfAborted();
    // A sink that is away is found so at once, and not batch by batch. One that answers does not take this batch, whatever
    // it says of it: those behind it need not wait.
    await writer.probe(context.signal);
    return { became: 'refused', error };
  }
}

async function deliverDeferred(
  dependencies: ActivityDependencies,
  writer: StorageWriter,
  deferred: DeferredBatch,
  context: AdapterContext,
): Promise<BatchOutcome> {
  const { store } = dependencies;
  const { sink } = writer;
  try {
    const counts = await writeTo(dependencies, writer, deferred.batch, context);
    await unmarkDeferred(store, sink, deferred.batch);
    return { became: 'delivered', counts };
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
  dependencies: ActivityDependencies,
  { sink }: StorageWriter,
  { batch }: DeferredBatch,
  error: BatchGone,
): Promise<void> {
  // Where it is not known since when its records are, only a poll of everything is sure to bring them.
  const command = batch.earliest === undefined ? 'reset' : 'rewind';
  const message = `${messageOf(error)}; ${batch.records} records never reached ${sink}: fetch them again with ./daybook state ${command}`;
  const redact = redactorFor(batch.source, dependencies);
  await recordAlerts(dependencies, batch.source, [{ name: 'batch_gone', message }], redact);
}
