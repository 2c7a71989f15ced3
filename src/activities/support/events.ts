import { log } from '@temporalio/activity';
import type { BatchRef } from '../../domain/run/batch.ts';
import type { SinkCounts } from '../../domain/run/receipt.ts';
import type { Sink } from '../../domain/run/sink.ts';
import type { Uses } from './dependencies.ts';

/** What activities log and count: one call for both, so that neither is forgotten. */

export function batchWritten(
  { measures }: Uses<'measures'>,
  sink: Sink,
  { source, number, firstRunId: batchRunId }: BatchRef,
  counts: SinkCounts,
  startedMs: number,
): void {
  const durationMs = Math.round(performance.now() - startedMs);
  log.info('Batch written', { source, batch: number, batchRunId, sink, ...counts, durationMs });
  measures.settled(source, sink, counts);
}

/** @param error without secrets */
export function batchesDeferred(
  { measures }: Uses<'measures'>,
  sink: Sink,
  source: string,
  batches: readonly BatchRef[],
  error: string,
): void {
  const records = batches.reduce((sum, batch) => sum + batch.records, 0);
  log.warn('Batches deferred', { source, sink, batches: batches.map(({ number }) => number), records, error });
  measures.deferred(source, sink, records);
}
