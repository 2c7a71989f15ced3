import { describe, expect, test, vi } from 'vitest';
import { emptyTally, type Receipt } from '../../../../src/domain/run/receipt.ts';
import { initialState } from '../../../../src/domain/state/source-state.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import type { BlobStore, Damage } from '../../../../src/store/blobs/blob-store.ts';
import { LastRuns, readLastRuns, type LastRunsOptions } from '../../../../src/store/run/last-runs.ts';
import { until } from '../../../support/until.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const folder = useTemporaryFolder();
const state = initialState({ fetchFingerprint: 'f', shapeFingerprint: 's', databaseId: null });
const day = 24 * 3_600_000;
const start = Date.parse('2026-11-23T10:00:00.000Z');
const at = (minute: number) => new Date(start + minute * 60_000).toISOString();

function unchanged(minute: number, source = 'news'): Receipt {
  const run = { workflowId: `w-${minute}`, runId: `r-${minute}`, startedAt: at(minute), finishedAt: at(minute) };
  const counts = { ...emptyTally, fetched: 20, unchanged: 20, pages: 1 };
  return { ...counts, source, outcome: 'unchanged', ...run, resume: { watermark: 'w' } };
}

const ok = (minute: number, source = 'news'): Receipt => ({
  ...unchanged(minute, source),
  outcome: 'ok',
  unchanged: 19,
  accepted: 1,
  batches: 1,
  csv: { ...emptyTally.csv, written: 1 },
});

function open(options: Partial<LastRunsOptions> = {}): LastRuns {
  const store = createDirectoryStore(folder.path);
  return new LastRuns({
    store,
    worker: 'host',
    isConfigured: () => true,
    onError: () => undefined,
    now: () => new Date(start),
    replaceMs: 60_000,
    ...options,
  });
}

async function noted(runs: LastRuns, ...receipts: readonly Receipt[]): Promise<LastRuns> {
  for (const receipt of receipts) runs.note({ receipt, state });
  await runs.flush();
  return runs;
}

const read = async (source = 'news') => (await readLastRuns(createDirectoryStore(folder.path))).get(source) ?? null;
const countOf = async (source = 'news') => (await read(source))?.unchanged?.count ?? null;

describe('the file of a worker', () => {
  test('says of each source what its last run was, whole', async () => {
    await noted(open(), ok(0), unchanged(1), unchanged(2), ok(3, 'shop'));
    expect(folder.files()).toEqual(['last-runs/host.json']);
    expect(await read()).toMatchObject({
      receipt: unchanged(2),
      storedAt: at(0),
      unchanged: { count: 2, since: at(1) },
    });
    expect((await read('shop'))?.receipt).toEqual(ok(3, 'shop'));
  });

  test('has a safe name', async () => {
    await noted(open({ worker: '../daybook.host' }), ok(0));
    expect(folder.files()).toEqual(['last-runs/%2E%2E%2Fdaybook%2Ehost.json']);
    expect(await read()).not.toBeNull();
  });

  test('is replaced at once as well by a run that a user waits for, also while it is being replaced', async () => {
    const runs = open();
    runs.note({ receipt: ok(0), state });
    await until('written', async () => (await read()) !== null);
    runs.note({ receipt: unchanged(1), state });
    runs.note({ receipt: ok(2, 'shop'), state }, true);
    runs.note({ receipt: ok(3, 'shop'), state }, true);
    await until('written again', async () => (await read('shop'))?.receipt.finishedAt === at(3));
    expect((await read())?.receipt).toEqual(unchanged(1));
  });

  test('is replaced at once, then after a while, however many runs are noted', async () => {
    const put = vi.fn<BlobStore['put']>();
    const store = { ...createDirectoryStore(folder.path), put };
    const runs = open({ store, replaceMs: 300 });
    runs.note({ receipt: ok(0), state });
    await until('written', () => put.mock.calls.length === 1);
    for (let minute = 1; minute < 50; minute++) runs.note({ receipt: unchanged(minute), state });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(put).toHaveBeenCalledTimes(1);
    await until('replaced', () => put.mock.calls.length === 2);
    expect(put.mock.lastCall?.[1]).toContain('"count":49');
  });

  test('is not written where nothing is new', async () => {
    const put = vi.fn<BlobStore['put']>();
    const runs = await noted(open({ store: { ...createDirectoryStore(folder.path), put } }), ok(0));
    await runs.flush();
    await runs.close();
    expect(put).toHaveBeenCalledTimes(1);
  });

  test('that cannot be written is written later, and counts nothing twice', async () => {
    await noted(open(), ok(0), unchanged(1));
    const errors: unknown[] = [];
    const whole = createDirectoryStore(folder.path);
    const put = vi
      .fn<BlobStore['put']>((path, content) => whole.put(path, content))
      .mockRejectedValueOnce(new Error('full'));
    const runs = open({ store: { ...whole, put }, onError: (error) => errors.push(error), replaceMs: 50 });
    runs.note({ receipt: unchanged(2), state });
    await until('replaced', () => put.mock.calls.length === 2);
    await runs.close();
    expect(errors).toHaveLength(1);
    expect(await countOf()).toBe(2);
  });

  test('is continued by the next process', async () => {
    await (await noted(open(), ok(0), unchanged(1))).close();
    await noted(open(), unchanged(2));
    expect(await read()).toMatchObject({ storedAt: at(0), unchanged: { count: 2, since: at(1) } });
  });

  test('leaves out a removed source a day after its last run', async () => {
    const isConfigured = (source: string) => source === 'news';
    const runs = await noted(open({ isConfigured }), ok(0), ok(0, 'gone'));
    expect(await read('gone')).not.toBeNull();
    await runs.close();
    await noted(open({ isConfigured, now: () => new Date(start + day + 1) }), ok(1));
    expect(await read('gone')).toBeNull();
    expect(await read()).not.toBeNull();
  });

  test('that is damaged is skipped and reported', async () => {
    await noted(open(), ok(0));
    const damaged: Damage[] = [];
    const store: BlobStore = {
      ...createDirectoryStore(folder.path),
      onDamage: async (damage) => void damaged.push(damage),
    };
    await store.put('last-runs/other.json', '{"writer":');
    expect((await readLastRuns(store)).get('news')?.receipt).toEqual(ok(0));
    expect(damaged.map(({ path }) => path)).toEqual(['last-runs/other.json']);
  });

  test('may have entries of a later version: they are skipped', async () => {
    const store = createDirectoryStore(folder.path);
    await store.put(
      'last-runs/other.json',
      JSON.stringify({ writer: 'x', at: at(0), sources: { news: { receipt: { v: 2 } } } }),
    );
    expect(await read()).toBeNull();
  });
});

describe('several workers', () => {
  test('are taken together: the newest run counts, and the unchanged polls of all', async () => {
    await noted(open({ worker: 'a' }), ok(0), unchanged(1), unchanged(4));
    await noted(open({ worker: 'b' }), unchanged(2), unchanged(3));
    expect(await read()).toMatchObject({ receipt: unchanged(4), unchanged: { count: 4, since: at(1) } });
  });

  test('of the same name get a file each, and nothing is lost or counted twice', async () => {
    const a = await noted(open(), ok(0), unchanged(1));
    const b = await noted(open(), unchanged(2), ok(2, 'shop'));
    await noted(a, unchanged(3));
    await noted(b, unchanged(4));
    await noted(a, unchanged(5));
    expect(folder.files()).toEqual([expect.stringMatching(/host-[0-9a-f]{8}\.json$/), 'last-runs/host.json']);
    expect(await countOf()).toBe(5);
    expect(await read('shop')).not.toBeNull();
    const known = [a, b].map(async (runs) => (await runs.readAll()).get('news'));
    for (const run of await Promise.all(known)) {
      expect(run).toMatchObject({ receipt: unchanged(5), unchanged: { count: 5 } });
    }
  });

  test('a worker knows its own runs before it has written them', async () => {
    await noted(open({ worker: 'a' }), ok(0), unchanged(1));
    const runs = await noted(open({ worker: 'b' }), unchanged(2));
    runs.note({ receipt: unchanged(3), state });
    expect((await runs.readAll()).get('news')).toMatchObject({ receipt: unchanged(3), unchanged: { count: 3 } });
  });
});

describe('files of silent workers', () => {
  const later = () => new Date(start + day + 1);

  test('are merged and removed after a day', async () => {
    await noted(open({ worker: 'gone' }), ok(0), unchanged(1));
    await noted(open({ worker: 'alive', now: later }), ok(0, 'shop'));
    const runs = open({ now: later });
    expect(await runs.mergeSilent()).toBe(1);
    expect(folder.files()).toEqual(['last-runs/alive.json', 'last-runs/host.json']);
    expect(await countOf()).toBe(1);
    expect(await runs.mergeSilent()).toBe(0);
  });

  test('stay where what they say cannot be written', async () => {
    await noted(open({ worker: 'gone' }), ok(0));
    const put = async () => Promise.reject(new Error('full'));
    const runs = open({ store: { ...createDirectoryStore(folder.path), put }, now: later });
    await expect(runs.mergeSilent()).rejects.toThrow('full');
    expect(folder.files()).toEqual(['last-runs/gone.json']);
  });

  test('a worker that was only idle continues, and nothing counts twice', async () => {
    const idle = await noted(open({ worker: 'idle' }), ok(0), unchanged(1), unchanged(2));
    await open({ now: later }).mergeSilent();
    await noted(idle, unchanged(3));
    expect(await countOf()).toBe(3);
  });

  test('no worker removes its own', async () => {
    let now = start;
    const runs = await noted(open({ now: () => new Date(now) }), ok(0));
    now += 2 * day;
    expect(await runs.mergeSilent()).toBe(0);
    expect(folder.files()).toEqual(['last-runs/host.json']);
  });
});
