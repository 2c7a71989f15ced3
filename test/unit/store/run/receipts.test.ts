import { describe, expect, test, vi } from 'vitest';
import { emptyTally, type Receipt } from '../../../../src/domain/run/receipt.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { listReceipts, listRecentReceipts, readLastReceipt, writeReceipt } from '../../../../src/store/run/receipts.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const folder = useTemporaryFolder();
const open = () => createDirectoryStore(folder.path);
const now = new Date('2026-11-23T15:00:00Z');

function receipt(finishedAt: string, runId = 'run', source = 'news'): Receipt {
  return {
    ...emptyTally,
    source,
    outcome: 'ok',
    workflowId: 'scrape-news',
    runId,
    startedAt: finishedAt,
    finishedAt,
    resume: { watermark: null },
  };
}

const last = async (source = 'news') => (await readLastReceipt(open(), source, now))?.runId ?? null;

describe('readLastReceipt', () => {
  test('finds the latest of a day', async () => {
    await writeReceipt(open(), receipt('2026-11-23T09:59:59.999Z', 'b'));
    await writeReceipt(open(), receipt('2026-11-23T10:00:00.000Z', 'a'));
    expect(await last()).toBe('a');
  });

  test.each([
    ['2026-11-22T23:59:59.999Z', '2026-11-23T00:00:00.000Z'],
    ['2026-11-20T10:00:00.000Z', '2026-11-22T10:00:00.000Z'],
    ['2025-12-31T10:00:00.000Z', '2026-01-01T10:00:00.000Z'],
  ])('finds the latest over days: %s, then %s', async (earlier, later) => {
    await writeReceipt(open(), receipt(earlier, 'earlier'));
    await writeReceipt(open(), receipt(later, 'later'));
    expect(await last()).toBe('later');
  });

  test('does not list a year of receipts where the last days have one', async () => {
    await writeReceipt(open(), receipt('2026-11-22T10:00:00.000Z'));
    const store = open();
    const list = vi.spyOn(store, 'list');
    await readLastReceipt(store, 'news', now);
    expect(list).not.toHaveBeenCalledWith('receipts/news');
  });

  test('finds none for a source that has none, also where another of a longer name has', async () => {
    await writeReceipt(open(), receipt('2026-11-23T10:00:00.000Z', 'run', 'news-2'));
    expect(await last()).toBeNull();
  });
});

describe('listReceipts', () => {
  test('has one receipt for each run, the latest, where a process was killed between storing a late one and deleting it', async () => {
    await writeReceipt(open(), receipt('2026-11-22T09:00:00.000Z', 'first'));
    await writeReceipt(open(), receipt('2026-11-22T23:59:59.000Z', 'twice'));
    await writeReceipt(open(), receipt('2026-11-23T00:00:05.000Z', 'twice'));
    await writeReceipt(open(), receipt('2026-11-23T00:00:09.000Z', 'twice'));
    const of22 = ['receipts/news/2026-11-22/20261122T090000000Z-first.json'];
    const of23 = ['receipts/news/2026-11-23/20261123T000009000Z-twice.json'];
    expect(await listReceipts(open(), 'news')).toEqual([...of22, ...of23]);
    expect(await listReceipts(open(), 'news', '2026-11-22')).toEqual(of22);
    expect(await listReceipts(open(), 'news', '2026-11-23')).toEqual(of23);
    expect(await listRecentReceipts(open(), 'news', now)).toEqual(of23);
  });
});

describe('writeReceipt', () => {
  test('again replaces the receipt of the run', async () => {
    const failed = {
      ...receipt('2026-11-23T10:00:00.000Z'),
      outcome: 'failed' as const,
      error: { type: 'WrongShape', message: 'any' },
    };
    await writeReceipt(open(), failed);
    await writeReceipt(open(), failed);
    expect(folder.files()).toEqual(['receipts/news/2026-11-23/20261123T100000000Z-run.json']);
    expect(await readLastReceipt(open(), 'news', now)).toEqual(failed);
  });
});
