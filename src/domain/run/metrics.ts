import type { FetchCounts, SinkCounts } from './receipt.ts';
import type { Sink } from './sink.ts';

/** Counts what a worker does; docs/metrics.md explains each metric. */
export interface Metrics {
  /** A fetch is done; its batches are in the spool. */
  fetched(source: string, counts: FetchCounts): void;
  /** A sink has settled a batch. */
  settled(source: string, sink: Sink, counts: SinkCounts): void;
  /** Records were left waiting for a sink. */
  deferred(source: string, sink: Sink, records: number): void;
  /** How long a run waits for its slot at a host. */
  throttled(source: string, waitMs: number): void;
  /** @param status of the answer; null = there was none */
  answered(source: string, status: number | null): void;
}

/** For commands, whose work is not counted. */
export const noopMetrics: Metrics = {
  fetched() {},
  settled() {},
  deferred() {},
  throttled() {},
  answered() {},
};
