import { describe, expect, test, vi } from 'vitest';
import type { HostLimit } from '../../../../src/domain/plan/host-budget.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { createHostBudgets } from '../../../../src/store/run/host-budgets.ts';
import { reopenHost } from '../../../../src/store/run/host-closure.ts';
import { sweepHostBudgets } from '../../../../src/store/run/sweep-host-budgets.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const folder = useTemporaryFolder();
const worker = () => createHostBudgets(createDirectoryStore(folder.path));
const fivePerSecond: HostLimit = { requests: 5, perMs: 1_000 };
const now = new Date(1_800_000_000_000);
const later = (ms: number) => new Date(now.getTime() + ms);

describe('a host without limit', () => {
  test('is called at once, and leaves nothing in the store', async () => {
    const budget = worker();
    for (let n = 0; n < 100; n++) expect(await budget.take('a.test', null, now)).toEqual({ kind: 'go', waitMs: 0 });
    expect(folder.files()).toEqual([]);
  });
});

describe('a host with a limit', () => {
  test('is called at its rate, by all workers together', async () => {
    const workers = [worker(), worker(), worker()];
    const turns = await Promise.all(
      Array.from({ length: 15 }, (_, n) => workers[n % 3]!.take('a.test', fivePerSecond, now)),
    );
    const waits = turns.map(({ waitMs }) => waitMs).sort((a, b) => a - b);
    expect(waits).toEqual(Array.from({ length: 15 }, (_, n) => n * 200));
  });

  test.each([
    ['five a second', fivePerSecond, 11],
    ['a hundred a minute', { requests: 100, perMs: 60_000 }, 9],
    ['one in two seconds', { requests: 1, perMs: 2_000 }, 6],
  ])('costs a worker one write a second at most, and no reads: %s', async (_, limit, writes) => {
    const store = createDirectoryStore(folder.path);
    const [put, get] = [vi.spyOn(store, 'putIfAbsent'), vi.spyOn(store, 'get')];
    const budget = createHostBudgets(store);
    const starts: number[] = [];
    for (let ms = 0; ms <= 10_000;) {
      const turn = await budget.take('a.test', limit, later(ms));
      expect(turn.kind).toBe('go');
      starts.push((ms += turn.waitMs));
      ms++;
    }
    const gaps = starts.slice(1).map((start, n) => start - starts[n]!);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(limit.perMs / limit.requests - 1);
    expect(put).toHaveBeenCalledTimes(writes);
    expect(get).not.toHaveBeenCalled();
  });

  test('is shared by workers that both have requests all the time, and each writes once a second', async () => {
    const stores = [createDirectoryStore(folder.path), createDirectoryStore(folder.path)];
    const puts = stores.map((store) => vi.spyOn(store, 'putIfAbsent'));
    const budgets = stores.map(createHostBudgets);
    const clocks = [0, 0];
    const starts: number[] = [];
    while (Math.min(...clocks) < 20_000) {
      const n = clocks[0]! <= clocks[1]! ? 0 : 1;
      const turn = await budgets[n]!.take('a.test', fivePerSecond, later(clocks[n]!));
      clocks[n] = clocks[n]! + turn.waitMs + 1;
      starts.push(clocks[n] - 1);
    }
    starts.sort((a, b) => a - b);
    const steps = starts.slice(1).map((start, at) => start - starts[at]!);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(199);
    expect(starts.length).toBeGreaterThan(95);
    for (const put of puts) expect(put.mock.calls.length).toBeLessThanOrEqual(22);
  });

  test('does not share its queue with others', async () => {
    const budget = worker();
    await budget.take('a.test', fivePerSecond, now);
    expect(await budget.take('b.test', fivePerSecond, now)).toEqual({ kind: 'go', waitMs: 0 });
  });

  test('rejects callers that would wait for more than five seconds', async () => {
    const budget = worker();
    for (let n = 0; n < 26; n++) expect((await budget.take('a.test', fivePerSecond, now)).kind).toBe('go');
    const turn = await budget.take('a.test', fivePerSecond, now);
    expect(turn.kind).toBe('later');
    expect(turn.waitMs).toBeGreaterThan(1_000);
    expect((await budget.take('a.test', fivePerSecond, later(turn.waitMs + 1_000))).kind).toBe('go');
  });

  test('may be slower than five seconds a request', async () => {
    const budget = worker();
    const slow = { requests: 1, perMs: 60_000 };
    const first = await budget.take('a.test', slow, now);
    expect(first.kind).toBe('go');
    const second = await worker().take('a.test', slow, now);
    expect(second.waitMs).toBeGreaterThan(0);
    expect(second.waitMs).toBeLessThanOrEqual(120_000);
  });

  test('keeps only the latest slots', async () => {
    const budget = worker();
    for (let n = 0; n < 450; n++) await budget.take('a.test', fivePerSecond, later(n * 1_000));
    expect(folder.files().length).toBeLessThan(70);
  });
});

describe('a host that said 429', () => {
  test('is not called by any worker until then, and called once a second for a minute', async () => {
    const [first, second] = [worker(), worker()];
    await first.slowDown('a.test', later(30_000));
    for (const budget of [first, second]) {
      expect(await budget.take('a.test', null, later(10_000))).toEqual({ kind: 'later', waitMs: 20_000 });
    }
    const turns = await Promise.all([1, 2, 3].map(() => second.take('a.test', null, later(31_000))));
    expect(turns.map(({ waitMs }) => waitMs).sort((a, b) => a - b)).toEqual([0, 1_000, 2_000]);
    expect(await second.take('a.test', null, later(95_000))).toEqual({ kind: 'go', waitMs: 0 });
  });

  test('counts once: a shorter wait does not replace a longer one', async () => {
    const budget = worker();
    await budget.slowDown('a.test', later(60_000));
    await budget.slowDown('a.test', later(5_000));
    expect(await worker().take('a.test', null, later(10_000))).toEqual({ kind: 'later', waitMs: 50_000 });
  });

  test('does not slow others', async () => {
    const budget = worker();
    await budget.slowDown('a.test', later(60_000));
    expect(await budget.take('b.test', null, now)).toEqual({ kind: 'go', waitMs: 0 });
  });
});

test('a host of which the store knows nothing is not read of; what another worker finds is noticed after half a minute', async () => {
  const store = createDirectoryStore(folder.path);
  const [read, list] = [vi.spyOn(store, 'get'), vi.spyOn(store, 'folders')];
  const budget = createHostBudgets(store);
  const take = (seconds: number) => budget.take('a.test', null, later(seconds * 1_000));
  for (const seconds of [0, 10, 20]) expect(await take(seconds)).toEqual({ kind: 'go', waitMs: 0 });
  expect([read, list].map((spy) => spy.mock.calls.length)).toEqual([0, 1]);
  await worker().slowDown('a.test', later(60_000));
  expect(await take(25)).toEqual({ kind: 'go', waitMs: 0 });
  expect(await take(31)).toEqual({ kind: 'later', waitMs: 29_000 });
});

test('a worker notices at once what it has found itself', async () => {
  const budget = worker();
  expect(await budget.take('a.test', null, now)).toEqual({ kind: 'go', waitMs: 0 });
  await budget.slowDown('a.test', later(60_000));
  expect(await budget.take('a.test', null, later(10_000))).toEqual({ kind: 'later', waitMs: 50_000 });
});

test('a blocked host is called again once the block is lifted', async () => {
  await worker().slowDown('a.test', later(864_000_000));
  expect(await worker().take('a.test', null, now)).toEqual({ kind: 'later', waitMs: 864_000_000 });
  await reopenHost(createDirectoryStore(folder.path), 'a.test');
  expect(await worker().take('a.test', null, now)).toEqual({ kind: 'go', waitMs: 0 });
});

test('a 429 of another worker is noticed within half a minute also where the host was closed before', async () => {
  vi.useFakeTimers({ now, toFake: ['Date'] });
  try {
    const [first, second] = [worker(), worker()];
    const take = (seconds: number) =>
      second.take('a.test', null, vi.setSystemTime(later(seconds * 1_000)) && new Date());
    await first.slowDown('a.test', later(5_000));
    expect(await take(0)).toEqual({ kind: 'later', waitMs: 5_000 });
    expect(await take(70)).toEqual({ kind: 'go', waitMs: 0 });
    await first.slowDown('a.test', later(200_000));
    expect(await take(71)).toEqual({ kind: 'go', waitMs: 0 });
    expect(await take(101)).toEqual({ kind: 'later', waitMs: 99_000 });
  } finally {
    vi.useRealTimers();
  }
});

test('a host that was closed once is read of twice a minute at most', async () => {
  vi.useFakeTimers({ now, toFake: ['Date'] });
  try {
    await worker().slowDown('a.test', later(1_000));
    const store = createDirectoryStore(folder.path);
    const get = vi.spyOn(store, 'get');
    const budget = createHostBudgets(store);
    for (let seconds = 100; seconds < 160; seconds++) {
      vi.setSystemTime(later(seconds * 1_000));
      await budget.take('a.test', null, new Date());
    }
    expect(get).toHaveBeenCalledTimes(2);
  } finally {
    vi.useRealTimers();
  }
});

test('what is past is swept after a day, also what earlier versions left', async () => {
  const store = createDirectoryStore(folder.path);
  const at = new Date();
  const budget = createHostBudgets(store);
  await budget.take('a.test', fivePerSecond, at);
  await budget.take('a.test', { requests: 1, perMs: 30 * 24 * 3_600_000 }, at);
  await budget.slowDown('a.test', new Date(at.getTime() + 1_000));
  await budget.slowDown('b.test', new Date(at.getTime() + 3 * 24 * 3_600_000));
  await store.put('limits/a%2Etest/5-1000/7', '');
  const { signal } = new AbortController();
  const all = folder.files();
  await sweepHostBudgets(store, signal, new Date(at.getTime() + 3_600_000));
  expect(folder.files()).toEqual(all);
  await sweepHostBudgets(store, signal, new Date(at.getTime() + 2 * 24 * 3_600_000));
  expect(folder.files()).toEqual([
    'limits/b%2Etest/closed.json',
    expect.stringMatching(/^slots\/a%2Etest\/1-2592000000\//),
  ]);
});
