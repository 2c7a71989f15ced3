import type { FetchCounts, SinkCounts } from '../../domain/run/receipt.ts';

/** What stands for a sink where none has a part. */
export const fetchStage = 'fetch';

/** Values of the label `result`. */
export const fetchResults = [
  'fetched',
  'unchanged',
  'rejected',
  'repaired',
] as const satisfies readonly (keyof FetchCounts)[];
export const sinkResults = [
  'written',
  'duplicate',
  'refused',
  'expired',
  'deferred',
] as const satisfies readonly (keyof SinkCounts)[];
