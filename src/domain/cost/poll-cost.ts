/** What one poll of a schedule costs: see docs/performance.md, which says where each figure is counted. */
export interface PollCost {
  /** Requests to the store, where it is in a bucket. Those that delete are free. */
  readonly get: number;
  /** Those that write, and lists: both have the same price. */
  readonly put: number;
  /** Of Temporal Cloud. */
  readonly actions: number;
}

/** `test/s3/requests.test.ts` counts the requests, `test/temporal/run/actions.test.ts` the actions. */
export const pollCosts = {
  unchanged: { get: 2, put: 0, actions: 4 },
  batch: { get: 5, put: 5, actions: 5 },
} as const satisfies Readonly<Record<string, PollCost>>;

export function costOf(polls: number, { get, put, actions }: PollCost): PollCost {
  return { get: polls * get, put: polls * put, actions: polls * actions };
}
