import { describe, expect, test } from 'vitest';
import { freshState } from '../../../src/domain/state.ts';
import { createDirectoryStore } from '../../../src/store/directory-store.ts';
import { deleteState, readState, writeState } from '../../../src/store/states.ts';
import { useTemporaryFolder } from './temporary-folder.ts';

const folder = useTemporaryFolder();
const open = () => createDirectoryStore(folder.path);
const none = { state: null, damaged: false };
const state = freshState({ fetchFingerprint: 'f', shapeFingerprint: 's', databaseId: null });

describe('the state of a source', () => {
  test('is what was written last, one small file', async () => {
    await writeState(open(), 'news', { ...state, etag: '"a very long etag, longer than the next"' });
    const next = { ...state, watermark: '2026-11-01T00:00:00.000000Z', sinkDownSince: { csv: '2026-11-02' } };
    await writeState(open(), 'news', next);
    expect(await readState(open(), 'news')).toEqual({ state: next, damaged: false });
    expect(folder.files()).toEqual(['state/news.json']);
  });

  test('is null before the first run and after a reset', async () => {
    expect(await readState(open(), 'news')).toEqual(none);
    await writeState(open(), 'news', state);
    await deleteState(open(), 'news');
    await deleteState(open(), 'news');
    expect(await readState(open(), 'news')).toEqual(none);
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
  ] as const;
  test.each(damages)('that is %s counts as none, and is called damaged', async (_, content) => {
    await open().put('state/news.json', content);
    expect(await readState(open(), 'news')).toEqual({ state: null, damaged: true });
  });
});
