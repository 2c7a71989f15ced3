import type { FetchCounts, SinkCounts } from './receipt.ts';
import type { Sink } from './sink.ts';

/** Who counts what a worker does; docs/metrics.md says what becomes of it. */
export interface Metrics {
  /** A fetch is done; its batches are in the spool. */
  fetched(source: string, counts: FetchCounts): void;
  /** A sink has settled a batch. */
  settled(source: string, sink: Sink, counts: SinkCounts): void;
  /** Records were left waiting for a sink. */
  deferred(source: string, sink: Sink, records: number): void;
  /** A run waits so long for its turn at a host. */
  throttled(source: string, waitMs: number): void;
  /** @param status of the answer; null = there was none */
  answered(source: string, status: number | null): void;
}

/** For commands, whose work nobody counts. */
export const noopMetrics: Metrics = {
  fetched() {},
  settled() {},
  deferred() {},
  throttled() {},
  answered() {},
};
