import { expect, test } from 'vitest';
import { nextBackoff, type FailureStreak } from '../../../../src/domain/state/failure-backoff.ts';

test('the first failure is forgiven, then the delay doubles up to a quarter of an hour', () => {
  const now = new Date('2026-11-01T00:00:00Z');
  const delays: (number | null)[] = [];
  let streak: FailureStreak | null = null;
  for (let n = 0; n < 40; n++) {
    streak = nextBackoff(streak, 'x'.repeat(1_000), now);
    delays.push(streak.until === null ? null : (Date.parse(streak.until) - now.getTime()) / 1_000);
  }
  expect(delays.slice(0, 8)).toEqual([null, 30, 60, 120, 240, 480, 900, 900]);
  expect(delays.at(-1)).toBe(900);
  expect(streak?.count).toBe(40);
  expect(streak?.reason.length).toBe(300);
});
