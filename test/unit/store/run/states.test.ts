import { describe, expect, test } from 'vitest';
import { clearPollState, initialState, type SourceState } from '../../../../src/domain/state/source-state.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import {
  changeState,
  forgetPolls,
  isSuperseded,
  listStates,
  readState,
  resetStates,
  writeState,
} from '../../../../src/store/run/states.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const folder = useTemporaryFolder();
const open = () => createDirectoryStore(folder.path);
const none = { state: null, damaged: false, epoch: 0 };
const state = initialState({ fetchFingerprint: 'f', shapeFingerprint: 's', databaseId: null });
const moved: SourceState = { ...state, watermark: '2026-11-01T00:00:00.000000Z', etag: '"1"' };

describe('the state of a source', () => {
  test('is what was written last, one small file', async () => {
    await writeState(open(), 'news', { ...state, etag: '"a very long etag, longer than the next"' });
    const next = { ...moved, sinkDownSince: { csv: '2026-11-02' } };
    await writeState(open(), 'news', next);
    expect(await readState(open(), 'news')).toEqual({ state: next, damaged: false, epoch: 0 });
    expect(folder.files()).toEqual(['state/news.json']);
  });

  test('is null before the first run and after a reset', async () => {
    expect(await readState(open(), 'news')).toEqual(none);
    await writeState(open(), 'news', state);
    await resetStates(open(), ['news']);
    await resetStates(open(), ['news']);
    expect(await readState(open(), 'news')).toEqual({ ...none, epoch: 2 });
    expect(await listStates(open())).toEqual([]);
  });

  test('is not that of another source', async () => {
    await writeState(open(), 'news-2', state);
    expect(await readState(open(), 'news')).toEqual(none);
  });

  const damages = [
    ['empty', ''],
    ['cut short', '{"version":1,'],
    ['no object', '[]'],
    ['of another version', JSON.stringify({ ...state, version: 2 })],
    ['without a part', JSON.stringify({ ...state, sinkDownSince: undefined })],
    ['with a part of another type', JSON.stringify({ ...state, previousPoll: 'x' })],
    ['with an epoch that is no number', JSON.stringify({ ...state, epoch: 'x' })],
  ] as const;
  test.each(damages)('that is %s counts as none, and is called damaged', async (_, content) => {
    await open().put('state/news.json', content);
    expect(await readState(open(), 'news')).toEqual({ ...none, damaged: true });
  });
});

describe('changeState', () => {
  const rewind = (to: string) =>
    changeState(open(), 'news', (old) => ({ ...clearPollState(old ?? state), watermark: to }));

  test('makes a state of a higher epoch, which a run that began before cannot replace', async () => {
    await writeState(open(), 'news', moved);
    await rewind('2026-10-01');
    expect(await isSuperseded(open(), 'news', 0)).toBe(true);
    expect(await isSuperseded(open(), 'news', 1)).toBe(false);
    // A save that was late on its way.
    await writeState(open(), 'news', { ...moved, watermark: '2026-11-02' });
    const expected = { ...state, epoch: 1, watermark: '2026-10-01', failures: null };
    expect(await readState(open(), 'news')).toEqual({ state: expected, damaged: false, epoch: 1 });
  });

  test('holds also where a run saves after a reset, and where the saved state is damaged or gone', async () => {
    await resetStates(open(), ['news']);
    await writeState(open(), 'news', moved);
    expect(await readState(open(), 'news')).toEqual({ ...none, epoch: 1 });
    await rewind('2026-10-01');
    for (const break_ of ['', '{}', JSON.stringify({ ...moved, epoch: 1 })]) {
      await open().put('state/news.json', break_);
      expect((await readState(open(), 'news')).state?.watermark).toBe('2026-10-01');
    }
    await open().delete('state/news.json');
    expect((await readState(open(), 'news')).state?.watermark).toBe('2026-10-01');
  });

  test('replaces a damaged saved state, which is reported', async () => {
    await changeState(open(), 'news', () => moved);
    await open().put('state/news.json', Buffer.from('{"version":1'));
    expect(await readState(open(), 'news')).toEqual({ state: { ...moved, epoch: 1 }, damaged: true, epoch: 1 });
  });

  test('lets runs that begin afterwards save as before', async () => {
    await rewind('2026-10-01');
    const { state: rewound } = await readState(open(), 'news');
    await writeState(open(), 'news', { ...rewound!, watermark: '2026-12-01' });
    expect((await readState(open(), 'news')).state).toMatchObject({ epoch: 1, watermark: '2026-12-01' });
  });

  test('at the same time as others leaves each change in the result', async () => {
    await writeState(open(), 'news', { ...state, previousPoll: [] });
    const add = (n: number) =>
      changeState(open(), 'news', (old) => ({ ...old!, previousPoll: [...old!.previousPoll, String(n)] }));
    await Promise.all(Array.from({ length: 8 }, (_, n) => add(n)));
    const { state: changed, epoch } = await readState(open(), 'news');
    expect(epoch).toBe(8);
    expect([...(changed?.previousPoll ?? [])].sort()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
  });

  test('that was killed between its two writes is complete', async () => {
    await writeState(open(), 'news', moved);
    await open().putIfAbsent('state-epochs/news/1', JSON.stringify({ state: { ...state, epoch: 1 } }));
    expect(await readState(open(), 'news')).toEqual({ state: { ...state, epoch: 1 }, damaged: false, epoch: 1 });
    await forgetPolls(open(), ['news']);
    expect((await readState(open(), 'news')).epoch).toBe(2);
  });

  test.each(['', '{', '{"state": 7}', '[]', 'null'])(
    'whose blob holds %j is damaged: the source starts from scratch',
    async (text) => {
      await writeState(open(), 'news', moved);
      await open().putIfAbsent('state-epochs/news/1', text);
      expect(await readState(open(), 'news')).toEqual({ state: null, damaged: true, epoch: 1 });
    },
  );
});
