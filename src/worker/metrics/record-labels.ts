import type { FetchCounts, SinkCounts } from '../../domain/run/receipt.ts';

/** The label of a sink if none is involved. */
export const fetchStage = 'fetch';

/** Values of the label `result`. */
export const fetchResults = [
  'fetched',
  'unchanged',
  'filtered',
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
