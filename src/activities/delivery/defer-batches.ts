import { Context } from '@temporalio/activity';
import type { BatchRef } from '../../domain/run/batch.ts';
import { Instance } from '../../domain/instance.ts';
import type { Sink } from '../../domain/run/sink.ts';
import { anyReadable, listDeferred, markDeferred } from '../../store/delivery/deferred.ts';
import { noteWaitingReason } from '../../store/delivery/waiting-reason.ts';
import type { Uses } from '../support/dependencies.ts';
import { batchesDeferred } from '../support/events.ts';
import { redactorFor, type SecretAccess } from '../support/source-secrets.ts';
import { readAgain } from '../run/write-batch.ts';
import { startDelivery } from '../../temporal/start-delivery.ts';

export interface DeferBatchesInput {
  readonly source: string;
  readonly sink: Sink;
  readonly batches: readonly BatchRef[];
  /** Why the sink did not accept them. */
  readonly reason: string;
}

/** A workflow accepts 10,000 signals in total: the deliverer is signalled about further batches once a minute. */
const quietMs = 60_000;
/** While it waits for an unavailable sink, a signal is only for one that was terminated: the watch of the sink would start it later. */
const quietOutageMs = 600_000;

/**
 * Marks batches as deferred for a sink, and makes sure that a deliverer runs. Safe to repeat because markers are named by their
 * batches, and there is one deliverer for each sink and source.
 * @throws BatchGone, BatchDamaged where a batch cannot be read: its run must fail, so that it is fetched again
 */
export function createDeferBatches(
  dependencies: SecretAccess & Uses<'store' | 'journal' | 'measures' | 'recentBatches'>,
) {
  const lastSignalled = new Map<string, number>();
  return async function deferBatches({ source, sink, batches, reason }: DeferBatchesInput): Promise<void> {
    const { store, recentBatches } = dependencies;
    // The first writes may have had them in memory: from here on the spool is all there is.
    for (const batch of batches) {
      recentBatches.drop(batch);
      await readAgain(dependencies, batch);
    }
    const redact = redactorFor(source, dependencies);
    const { client, info } = Context.current();
    const before = await listDeferred(store, sink, source);
    const since = new Date().toISOString();
    for (const batch of batches) await markDeferred(store, sink, { batch, reason, since });
    await noteWaitingReason(store, sink, source, reason);
    // A deliverer ends when it finds nothing. One that still has to remove an earlier marker finds ours too; else it must be started.
    // An earlier attempt may have left its markers without starting one.
    const after = new Set(await listDeferred(store, sink, source));
    const kept = before.filter((path) => after.has(path));
    const isDelivering = info.attempt === 1 && (await anyReadable(store, kept));
    const key = `${sink}/${source}`;
    const quiet = reason.startsWith('SinkUnavailable:') ? quietOutageMs : quietMs;
    if (!isDelivering || Date.now() - (lastSignalled.get(key) ?? 0) >= quiet) {
      await startDelivery(client, Instance.ofQueue(info.taskQueue), sink, source);
      lastSignalled.set(key, Date.now());
    }
    batchesDeferred(dependencies, sink, source, batches, redact(reason));
  };
}
