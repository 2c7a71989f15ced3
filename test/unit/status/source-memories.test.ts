import { describe, expect, test, vi } from 'vitest';
import type { Receipt, FailedReceipt } from '../../../src/domain/run/receipt.ts';
import { initialState, type SourceState } from '../../../src/domain/state/source-state.ts';
import { SourceMemories } from '../../../src/status/source-memories.ts';
import { createDirectoryStore } from '../../../src/store/blobs/directory-store.ts';
import { LastRuns, readLastRuns } from '../../../src/store/run/last-runs.ts';
import { writeReceipt } from '../../../src/store/run/receipts.ts';
import { changeState, resetStates, writeState } from '../../../src/store/run/states.ts';
import { aReceipt } from '../domain/a-receipt.ts';
import { useTemporaryFolder } from '../store/temporary-folder.ts';

const folder = useTemporaryFolder();
const now = new Date('2026-11-23T10:00:00.000Z');
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1_000).toISOString();
const state: SourceState = {
  ...initialState({ fetchFingerprint: 'f', shapeFingerprint: 's', databaseId: null }),
  watermark: 'noted',
};

const unchanged = (finishedAt: string): Receipt =>
  aReceipt({ source: 'news', outcome: 'unchanged', fetched: 2, unchanged: 2, finishedAt, runId: finishedAt });
const ok = (finishedAt: string): Receipt =>
  aReceipt({ source: 'news', fetched: 1, accepted: 1, batches: 1, finishedAt, runId: finishedAt });
const failed = (finishedAt: string): FailedReceipt => ({
  ...ok(finishedAt),
  outcome: 'failed',
  error: { type: 'HttpError', message: 'no' },
});

async function note(...receipts: readonly (Receipt | FailedReceipt)[]): Promise<void> {
  const store = createDirectoryStore(folder.path);
  const lastRuns = new LastRuns({
    store,
    worker: 'w',
    isConfigured: () => true,
    onError: () => undefined,
    now: () => now,
  });
  for (const receipt of receipts) lastRuns.note({ receipt, state });
  await lastRuns.close();
}

/** A reader, and what it asked the store for. */
function reader() {
  const store = createDirectoryStore(folder.path);
  const asked: string[] = [];
  for (const name of ['get', 'list'] as const) {
    const real = store[name].bind(store) as (path: string) => Promise<never>;
    vi.spyOn(store, name).mockImplementation(async (path) => {
      asked.push(`${name} ${path}`);
      return real(path);
    });
  }
  const memories = new SourceMemories(store, () => readLastRuns(store));
  const read = async (at = now, everyMs: number | null = 60_000) => {
    asked.length = 0;
    const found = (await memories.read([{ name: 'news', everyMs }], at)).get('news');
    if (!found) throw new Error('nothing is known');
    return { ...found, succeededAt: await memories.succeededAt('news', found) };
  };
  return { read, asked };
}

const store = () => createDirectoryStore(folder.path);

describe('what is known of a source', () => {
  test('comes from the notes alone, however many sources there are', async () => {
    await note(ok(ago(90)), unchanged(ago(30)));
    const { read, asked } = reader();
    expect(await read()).toEqual({
      lastReceipt: unchanged(ago(30)),
      succeededAt: ago(30),
      unchanged: { count: 1, since: ago(30) },
      state: { epoch: 0, watermark: 'noted', failures: 0, lastNewAt: null },
    });
    expect(asked.toSorted()).toEqual(['get last-runs/w.json', 'list last-runs', 'list state-epochs']);
  });

  test('comes from receipts where there are no notes, as of 0.2.0', async () => {
    await writeReceipt(store(), ok(ago(90)));
    await writeReceipt(store(), failed(ago(30)));
    await writeState(store(), 'news', state);
    expect(await reader().read()).toMatchObject({
      lastReceipt: failed(ago(30)),
      succeededAt: ago(90),
      unchanged: null,
      state: { watermark: 'noted' },
    });
  });

  test('includes a newer receipt, once the source should have run since its note', async () => {
    await note(unchanged(ago(200)));
    await writeReceipt(store(), ok(ago(20)));
    await writeReceipt(store(), failed(ago(10)));
    await writeState(store(), 'news', { ...state, watermark: 'stored' });
    expect(await reader().read()).toMatchObject({
      lastReceipt: failed(ago(10)),
      succeededAt: ago(20),
      unchanged: null,
      state: { watermark: 'stored' },
    });
    expect((await reader().read(now, 3_600_000)).lastReceipt).toEqual(unchanged(ago(200)));
  });

  test('where a source is silent for long, its receipts are looked at less and less often', async () => {
    await note(ok(ago(600)));
    const { read, asked } = reader();
    await read();
    expect(asked.filter((what) => what.includes('receipts/'))).not.toEqual([]);
    await read(new Date(now.getTime() + 250_000));
    expect(asked.filter((what) => what.includes('receipts/'))).toEqual([]);
    await read(new Date(now.getTime() + 700_000));
    expect(asked.filter((what) => what.includes('receipts/'))).not.toEqual([]);
  });

  test('has the unchanged polls of its notes, also after its receipts were looked at', async () => {
    await note(ok(ago(900)), unchanged(ago(600)), unchanged(ago(500)));
    const { read } = reader();
    await read();
    expect((await read()).unchanged).toEqual({ count: 2, since: ago(600) });
    expect((await read(new Date(now.getTime() + 3_600_000))).unchanged?.count).toBe(2);
  });

  test('is its state as a command has changed it since', async () => {
    await writeState(store(), 'news', state);
    await note(ok(ago(30)));
    await changeState(store(), 'news', (before) => before && { ...before, watermark: 'rewound' });
    const { read } = reader();
    expect((await read()).state).toMatchObject({ epoch: 1, watermark: 'rewound' });
    await resetStates(store(), ['news']);
    expect(await read()).toMatchObject({ lastReceipt: ok(ago(30)), state: null });
  });

  test('is searched for the last success of a source that fails, once', async () => {
    await writeReceipt(store(), ok(ago(9_000)));
    await note(failed(ago(30)));
    const { read, asked } = reader();
    expect((await read()).succeededAt).toBe(ago(9_000));
    await read();
    expect(asked).not.toContain('list receipts/news');
  });
});
