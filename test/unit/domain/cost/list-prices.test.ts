import { expect, test } from 'vitest';
import { dollarsOf } from '../../../../src/domain/cost/list-prices.ts';
import { costOf, pollCosts } from '../../../../src/domain/cost/poll-cost.ts';

const actions = (millions: number) => dollarsOf({ get: 0, put: 0, actions: millions * 1_000_000 }).temporal;

// The example of Temporal's own page of prices is the second one.
test.each([
  [1, 50],
  [11.25, 525],
  [200, 5 * 50 + 5 * 45 + 10 * 40 + 30 * 35 + 50 * 30 + 100 * 25],
  [0, 0],
])('%f million actions cost %s dollars', (millions, dollars) => {
  expect(actions(millions)).toBeCloseTo(dollars, 6);
});

test('more actions have no public price', () => {
  expect(actions(200.1)).toBeNull();
});

test('requests that write cost more than those that read', () => {
  expect(dollarsOf(costOf(1_000_000, pollCosts.usual.unchanged)).s3).toBeCloseTo(0.8, 6);
  expect(dollarsOf(costOf(1_000_000, pollCosts.usual.batch)).s3).toBeCloseTo(27, 6);
});
