import { describe, expect, test } from 'vitest';
import { TriedBatches } from '../../../../src/activities/delivery/delivery-pass.ts';

const second = 1_000;
const delivery = 'postgres/news';

/** Goes through a pass in which a batch takes so long; returns what was tried, in order. */
function pass(
  tried: TriedBatches,
  paths: readonly string[],
  isRefused: (path: string) => boolean,
  now = 0,
  eachMs = 1,
) {
  const passing = tried.begin(delivery, paths, now);
  const order: string[] = [];
  for (let path = passing.next(now); path !== null; path = passing.next(now)) {
    order.push(path);
    now += eachMs;
    if (isRefused(path)) passing.refused();
    else passing.delivered(now);
  }
  return { order, now, isComplete: passing.isComplete };
}

const some = (count: number, name: string) =>
  Array.from({ length: count }, (_, n) => `${name}-${String(n).padStart(4, '0')}`);

describe('the deferred batches', () => {
  test('are tried in the order of their markers, the oldest first', () => {
    expect(pass(new TriedBatches(), ['a', 'b', 'c'], () => false)).toMatchObject({
      order: ['a', 'b', 'c'],
      isComplete: true,
    });
  });

  test('are all tried, no matter how many are refused', () => {
    const { order, isComplete } = pass(new TriedBatches(), some(10_000, 'bad'), () => true);
    expect(order.length).toBe(10_000);
    expect(isComplete).toBe(true);
  });

  test('come after new ones once they were tried, the longest untried first', () => {
    const tried = new TriedBatches();
    const refused = () => true;
    pass(tried, ['a', 'b'], refused, 1_000);
    expect(pass(tried, ['a', 'b', 'c'], refused, 2_000).order).toEqual(['c', 'a', 'b']);
    expect(pass(tried, ['a', 'b', 'c', 'd'], refused, 3_000).order).toEqual(['d', 'c', 'a', 'b']);
  });

  test('are tried from both ends once some were refused', () => {
    const isBad = (path: string) => path.startsWith('bad');
    const { order } = pass(new TriedBatches(), [...some(1_000, 'bad'), ...some(3, 'good')], isBad);
    expect(order.slice(0, 7)).toEqual([...some(3, 'bad'), 'good-0002', 'bad-0003', 'bad-0004', 'bad-0005']);
  });

  test('are each tried even if all are slowly refused, and a new one in the next pass', () => {
    const tried = new TriedBatches();
    const seen = new Set<string>();
    let now = 0;
    for (let n = 0; n < 10; n++) {
      const one = pass(tried, [...some(1_000, 'bad'), `new-${n}`], () => true, now, 100);
      expect(one.order.length).toBeLessThan(160);
      expect(one.order).toContain(`new-${n}`);
      for (const path of one.order) seen.add(path);
      now = one.now + 30_000;
    }
    expect(seen.size).toBe(1_010);
  });
});

describe('a pass', () => {
  test('in which nothing is delivered ends after a quarter of a minute', () => {
    const { now, isComplete } = pass(new TriedBatches(), some(1_000, 'bad'), () => true, 0, second);
    expect(now).toEqual(16 * second);
    expect(isComplete).toBe(false);
  });

  test('in which some are delivered ends after a minute', () => {
    let tries = 0;
    const isBad = () => ++tries % 10 !== 0;
    expect(pass(new TriedBatches(), some(1_000, 'batch'), isBad, 0, second).now).toBe(61 * second);
  });

  test('does not conclude from two slow refusals that all are refused', () => {
    const { order } = pass(new TriedBatches(), ['slow-1', 'slow-2', 'good'], (path) => path !== 'good', 0, 10 * second);
    expect(order).toEqual(['slow-1', 'slow-2', 'good']);
  });
});
