import type { PollCost } from './poll-cost.ts';

/**
 * Public list prices in US dollars, without tax, discounts, storage and traffic. S3: Standard in us-east-1, per request. Temporal Cloud:
 * pay as you go, per million actions of a month, by volume; the plan itself is not included.
 */
export const listPrices = {
  asOf: '2026-11',
  s3: { get: 0.0004 / 1_000, put: 0.005 / 1_000 },
  temporal: [
    { upTo: 5, perMillion: 50 },
    { upTo: 10, perMillion: 45 },
    { upTo: 20, perMillion: 40 },
    { upTo: 50, perMillion: 35 },
    { upTo: 100, perMillion: 30 },
    { upTo: 200, perMillion: 25 },
  ],
} as const;

export interface Dollars {
  readonly s3: number;
  /** Null beyond the last price that is public. */
  readonly temporal: number | null;
}

export function dollarsOf({ get, put, actions }: PollCost): Dollars {
  return { s3: get * listPrices.s3.get + put * listPrices.s3.put, temporal: dollarsOfActions(actions) };
}

function dollarsOfActions(actions: number): number | null {
  const millions = actions / 1_000_000;
  let [dollars, below] = [0, 0];
  for (const { upTo, perMillion } of listPrices.temporal) {
    dollars += Math.max(0, Math.min(millions, upTo) - below) * perMillion;
    below = upTo;
  }
  return millions > below ? null : dollars;
}
