/** What one poll of a schedule costs: see docs/performance.md, which says where each figure is counted. */
export interface PollCost {
  /** Requests to the store, where it is in a bucket. Those that delete are free. */
  readonly get: number;
  /** Those that write, and lists: both have the same price. */
  readonly put: number;
  /** Of Temporal Cloud. */
  readonly actions: number;
}

/** What polls of one kind cost, by what they find. */
export interface PollCosts {
  readonly unchanged: PollCost;
  readonly batch: PollCost;
}

/** `test/s3/requests.test.ts` counts the requests, `test/temporal/run/actions.test.ts` the actions. */
export const pollCosts = {
  /** The first fetch is part of the first step. */
  usual: { unchanged: { get: 2, put: 0, actions: 4 }, batch: { get: 5, put: 5, actions: 5 } },
  /** The fetches are steps of their own: see `isFetchedApart`. */
  apart: { unchanged: { get: 2, put: 0, actions: 6 }, batch: { get: 5, put: 5, actions: 6 } },
} as const satisfies Readonly<Record<string, PollCosts>>;

export function costOf(polls: number, { get, put, actions }: PollCost): PollCost {
  return { get: polls * get, put: polls * put, actions: polls * actions };
}

export function sumOf(costs: readonly PollCost[]): PollCost {
  const sum = (key: keyof PollCost) => costs.reduce((total, cost) => total + cost[key], 0);
  return { get: sum('get'), put: sum('put'), actions: sum('actions') };
}
