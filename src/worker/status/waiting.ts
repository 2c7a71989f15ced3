import type { HealthFacts } from '../../domain/health.ts';
import type { Sink } from '../../domain/receipt.ts';
import type { BlobStore } from '../../store/blob-store.ts';
import { readDeferred, waitingDeliveries } from '../../store/deferred.ts';

/** Batches of a source that wait for a sink. */
export interface Waiting {
  readonly sink: Sink;
  readonly batches: number;
  /** Since when the oldest waits. ISO 8601. */
  readonly since: string;
  /** Why the sink did not take it. */
  readonly reason: string;
}

/** What waits for the sinks, by source. */
export async function readWaiting(store: BlobStore): Promise<ReadonlyMap<string, readonly Waiting[]>> {
  const found = new Map<string, Waiting[]>();
  for (const { sink, source, paths } of await waitingDeliveries(store)) {
    const oldest = paths[0] === undefined ? null : await readDeferred(store, paths[0]);
    if (!oldest) continue;
    const { since, reason } = oldest;
    found.set(source, [...(found.get(source) ?? []), { sink, batches: paths.length, since, reason }]);
  }
  return found;
}

/** All of it in one sentence's parts; null where nothing waits. */
export function summarizeWaiting(waiting: readonly Waiting[]): HealthFacts['waiting'] {
  if (waiting.length === 0) return null;
  return {
    batches: waiting.reduce((sum, { batches }) => sum + batches, 0),
    since: waiting.map(({ since }) => since).sort()[0] ?? '',
    reason: waiting.map(({ sink, reason }) => `${sink}: ${reason}`).join('; '),
  };
}
