import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { initialState } from '../../../../src/domain/state/source-state.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { createFeedItemsStore } from '../../../../src/store/run/feed-items.ts';
import { createFileProgressStore } from '../../../../src/store/run/file-progress.ts';
import { createSeenKeys } from '../../../../src/store/run/seen-keys.ts';
import { writeState } from '../../../../src/store/run/states.ts';
import { sweepNamedBlobs } from '../../../../src/store/run/sweep-named-blobs.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const folder = useTemporaryFolder();
const state = initialState({ fetchFingerprint: 'f', shapeFingerprint: 's', databaseId: null });
const { signal } = new AbortController();

function age(days: number): void {
  const time = new Date(Date.now() - days * 24 * 3_600_000);
  for (const path of folder.files()) utimesSync(join(folder.path, path), time, time);
}

test('what no state names is deleted after a week, what one names stays', async () => {
  const store = createDirectoryStore(folder.path);
  const [keys, files, items] = [createSeenKeys(store), createFileProgressStore(store), createFeedItemsStore(store)];
  const named = await keys.write('news', ['a'], []);
  const kept = await items.write('news', 'kept');
  const [left, leftItems] = [await keys.write('news', ['b'], []), await items.write('news', 'left')];
  await writeState(store, 'news', { ...state, previousPoll: [named], feedItems: kept });
  const progress = await files.write('gone', new Map());
  const valid = await items.write('gone', 'valid');
  await store.put('state/damaged.json', '{');
  const unknown = await keys.write('damaged', ['a'], []);
  const all = folder.files();

  age(6);
  expect(await sweepNamedBlobs(store, signal)).toBe(0);
  age(8);
  const young = await keys.write('news', ['young'], []);
  expect(await sweepNamedBlobs(store, signal)).toBe(3);
  const deleted = [`polls/news/${left}`, `feed-items/news/${leftItems}`, `files/gone/${progress}`];
  expect(folder.files()).toEqual([...all.filter((path) => !deleted.includes(path)), `polls/news/${young}`].sort());
  expect(folder.files()).toContain(`feed-items/gone/${valid}`);
  expect(folder.files()).toContain(`polls/damaged/${unknown}`);
});
