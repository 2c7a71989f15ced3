import { describe, expect, test } from 'vitest';
import { freshState } from '../../../src/domain/state.ts';
import { createDirectoryStore } from '../../../src/store/directory-store.ts';
import { deleteState, readState, writeState } from '../../../src/store/states.ts';
import { useTemporaryFolder } from './temporary-folder.ts';

const folder = useTemporaryFolder();
const open = () => createDirectoryStore(folder.path);
const state = freshState({ fetchFingerprint: 'f', shapeFingerprint: 's', databaseId: null });

describe('the state of a source', () => {
  test('is what was written last, one small file', async () => {
    await writeState(open(), 'news', { ...state, etag: '"a very long etag, longer than the next"' });
    const next = { ...state, watermark: '2026-11-01T00:00:00.000000Z', sinkDownSince: { csv: '2026-11-02' } };
    await writeState(open(), 'news', next);
    expect(await readState(open(), 'news')).toEqual(next);
    expect(folder.files()).toEqual(['state/news.json']);
  });

  test('is null before the first run and after a reset', async () => {
    expect(await readState(open(), 'news')).toBeNull();
    await writeState(open(), 'news', state);
    await deleteState(open(), 'news');
    await deleteState(open(), 'news');
    expect(await readState(open(), 'news')).toBeNull();
  });

  test('is not that of another source', async () => {
    await writeState(open(), 'news-2', state);
    expect(await readState(open(), 'news')).toBeNull();
  });
});
