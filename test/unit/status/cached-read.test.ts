import { describe, expect, test } from 'vitest';
import { CachedRead } from '../../../src/status/cached-read.ts';
import { createLatch } from '../../support/latch.ts';

/** A reading of 1, 2, 3 …, each behind what a test wants, by a clock that the test moves. */
function counting(before: (count: number) => Promise<void> = async () => {}, freshMs?: number) {
  const clock = { ms: 0, count: 0 };
  const errors: unknown[] = [];
  const reading = new CachedRead<number>({
    now: () => clock.ms,
    freshMs,
    onError: (error) => errors.push(error),
    read: async () => {
      const count = ++clock.count;
      await before(count);
      return count;
    },
  });
  const latest = async (withinMs = 1_000) => (await reading.latest(withinMs))?.value ?? null;
  return { clock, errors, latest };
}

describe('a reading', () => {
  test('is repeated after 10 s, and not before', async () => {
    const { clock, latest } = counting();
    expect(await latest()).toBe(1);
    clock.ms = 9_999;
    expect(await latest()).toBe(1);
    clock.ms = 10_000;
    expect(await latest()).toBe(2);
  });

  test('of a given pause is repeated after that, however long it takes', async () => {
    const { clock, latest } = counting(async () => void (clock.ms += 2_000), 500);
    expect(await latest()).toBe(1);
    clock.ms = 2_499;
    expect(await latest()).toBe(1);
    clock.ms = 2_500;
    expect(await latest()).toBe(2);
  });

  test('is done by one caller at a time, and shared by all', async () => {
    const latch = createLatch();
    const { clock, latest } = counting(() => latch.opened);
    const asked = [latest(), latest(), latest()];
    latch.open();
    expect(await Promise.all(asked)).toEqual([1, 1, 1]);
    expect(clock.count).toBe(1);
  });

  test('that takes long is not waited for: the old value stays, and the new one is available later', async () => {
    const latch = createLatch();
    const { clock, latest } = counting((count) => (count === 2 ? latch.opened : Promise.resolve()));
    await latest();
    clock.ms = 10_000;
    expect(await latest(20)).toBe(1);
    latch.open();
    expect(await latest()).toBe(2);
  });

  test('takes a twentieth of the time at most', async () => {
    const { clock, latest } = counting(async () => void (clock.ms += 2_000));
    await latest();
    clock.ms = 41_999;
    expect(await latest()).toBe(1);
    clock.ms = 42_000;
    expect(await latest()).toBe(2);
  });

  test('that fails leaves what was known, and says so', async () => {
    const { clock, errors, latest } = counting(async (count) => {
      if (count === 2) throw new Error('away');
    });
    await latest();
    clock.ms = 10_000;
    expect(await latest()).toBe(1);
    expect(errors).toEqual([new Error('away')]);
    clock.ms = 20_000;
    expect(await latest()).toBe(3);
  });
});
