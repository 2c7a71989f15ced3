import { describe, expect, test, vi } from 'vitest';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { createFeedItemsStore } from '../../../../src/store/run/feed-items.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const folder = useTemporaryFolder();
const open = () => createFeedItemsStore(createDirectoryStore(folder.path));

describe('the items of a feed', () => {
  test('written are read back by name, those of another source are not', async () => {
    const name = await open().write('news', 'one');
    await open().write('wire', 'two');
    expect(await open().read('news', name)).toBe('one');
    expect(await open().read('blog', name)).toBeNull();
    expect(folder.files()).toContain(`feed-items/news/${name}`);
  });

  test('that are gone are those of another poll, as long as there are any', async () => {
    const [old, gone] = [await open().write('news', 'old'), await open().write('news', 'gone')];
    await open().keepOnly('news', old);
    expect(await open().read('news', gone)).toBe('old');
    expect(await open().read('news', null)).toBe('old');
  });

  test('that the state names are neither written nor read again', async () => {
    const store = createDirectoryStore(folder.path);
    const items = createFeedItemsStore(store);
    const [write, read] = [vi.spyOn(store, 'putIfAbsent'), vi.spyOn(store, 'get')];
    const name = await items.write('news', 'one');
    expect(await items.write('news', 'one', name)).toBe(name);
    expect(await items.read('news', name)).toBe('one');
    expect([write, read].map((spy) => spy.mock.calls.length)).toEqual([1, 0]);
  });

  test('that another worker has deleted since are written again', async () => {
    const items = open();
    const name = await items.write('news', 'one');
    await open().drop('news', [name]);
    const next = await open().write('news', 'two');
    await items.write('news', 'one', next);
    expect(await open().read('news', name)).toBe('one');
  });

  test('stay if a state names none', async () => {
    const name = await open().write('news', 'one');
    await open().keepOnly('news', null);
    expect(await open().read('news', name)).toBe('one');
  });
});
