import { inParallel } from '../domain/in-parallel.ts';
import type { HealthFacts } from '../domain/monitoring/health.ts';
import type { Sink } from '../domain/run/sink.ts';
import type { BlobStore } from '../store/blobs/blob-store.ts';
import { storePaths } from '../store/paths/paths.ts';
import { readMarker, waitingDeliveries } from '../store/delivery/deferred.ts';
import type { DeferredBatch } from '../store/delivery/deferred-batch.ts';
import { readWaitingReason } from '../store/delivery/waiting-reason.ts';

/** Batches of a source that wait for a sink. */
export interface DeferredSummary {
  readonly sink: Sink;
  readonly batches: number;
  /** Since when the oldest has been deferred. ISO 8601. */
  readonly since: string;
  /** Why the sink did not accept one of them at the last attempt. */
  readonly reason: string;
}

/** Deliveries that are looked at together. */
const atOnce = 16;

/** What waits for the sinks, by source. */
export async function readWaiting(store: BlobStore): Promise<ReadonlyMap<string, readonly DeferredSummary[]>> {
  const found = new Map<string, DeferredSummary[]>();
  const deliveries = await waitingDeliveries(store);
  const read = await inParallel(deliveries, atOnce, async ({ sink, source, oldest: paths }) => ({
    oldest: await readOldest(store, paths),
    said: (await readWaitingReason(store, sink, source))?.reason,
  }));
  for (const [index, { sink, source, batches }] of deliveries.entries()) {
    const { oldest = null, said } = read[index] ?? {};
    if (!oldest) continue;
    const { since } = oldest;
    found.set(source, [...(found.get(source) ?? []), { sink, batches, since, reason: said ?? oldest.reason }]);
  }
  return found;
}

/**
 * Since when and why batches are deferred, as the oldest marker says that can be read; null if all of them are gone. Damaged ones
 * are named.
 */
async function readOldest(
  store: BlobStore,
  paths: readonly string[],
): Promise<Pick<DeferredBatch, 'since' | 'reason'> | null> {
  let oldest: DeferredBatch | null = null;
  const damaged: string[] = [];
  for (const path of paths) {
    const marker = await readMarker(store, path);
    if (marker && 'ok' in marker) oldest ??= marker.ok;
    if (marker && 'damaged' in marker) damaged.push(path);
  }
  const [first] = damaged;
  if (!oldest && first === undefined) return null;
  // A batch is deferred some moments after its ingestion.
  const since = oldest?.since ?? storePaths.marker.parse(first ?? '')?.ingestedAt ?? '';
  const reasons = [oldest?.reason ?? [], first === undefined ? [] : `damaged: ${damaged.join(', ')}`].flat();
  return { since, reason: reasons.join('; ') };
}

/** All of it in one sentence's parts; null if nothing waits. */
export function summarizeWaiting(waiting: readonly DeferredSummary[]): HealthFacts['waiting'] {
  if (waiting.length === 0) return null;
  return {
    batches: waiting.reduce((sum, { batches }) => sum + batches, 0),
    since: waiting.map(({ since }) => since).sort()[0] ?? '',
    reason: waiting.map(({ sink, reason }) => `${sink}: ${reason}`).join('; '),
  };
}
