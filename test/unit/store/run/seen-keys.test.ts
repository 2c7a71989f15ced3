import { describe, expect, test, vi } from 'vitest';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { initialState } from '../../../../src/domain/state/source-state.ts';
import { namedBlobs, unnamedBlobs } from '../../../../src/domain/state/named-blobs.ts';
import { ItemMemory } from '../../../../src/sources/feeds/item-memory.ts';
import { createFeedItemsStore, withKeys } from '../../../../src/store/run/feed-items.ts';
import { createSeenKeys } from '../../../../src/store/run/seen-keys.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const folder = useTemporaryFolder();
const open = () => createSeenKeys(createDirectoryStore(folder.path));

describe('poll keys', () => {
  test('written are read back, those of several blobs together', async () => {
    const keys = open();
    const names = [await keys.write('news', ['b', 'a', 'a'], []), await keys.write('news', ['c'], [])];
    expect([...(await open().read('news', names))].sort()).toEqual(['a', 'b', 'c']);
    expect(folder.files()).toEqual(names.map((name) => `polls/news/${name}`).sort());
  });

  test('in another order are the same blob', async () => {
    expect(await open().write('news', ['b', 'a'], [])).toBe(await open().write('news', ['a', 'b', 'a'], []));
    expect(folder.files()).toHaveLength(1);
  });

  test('that the previous poll had are not written again: an unchanged poll costs nothing', async () => {
    const store = createDirectoryStore(folder.path);
    const keys = createSeenKeys(store);
    const name = await keys.write('news', ['a'], []);
    const write = vi.spyOn(store, 'putIfAbsent');
    expect(await keys.write('news', ['a'], [name])).toBe(name);
    expect(write).not.toHaveBeenCalled();
  });

  test('of a source are not those of another', async () => {
    const keys = open();
    const name = await keys.write('news', ['a'], []);
    expect((await keys.read('wire', [name])).size).toBe(0);
  });

  test('of a blob that is gone are not known, those of the others are', async () => {
    const [gone, kept] = [await open().write('news', ['a'], []), await open().write('news', ['b'], [])];
    await open().keepOnly('news', [kept]);
    expect([...(await open().read('news', [gone, kept]))]).toEqual(['b']);
    expect((await open().read('news', [])).size).toBe(0);
  });

  test('are read from the store once, and never by who wrote them', async () => {
    const store = createDirectoryStore(folder.path);
    const keys = createSeenKeys(store);
    const name = await keys.write('news', ['a'], []);
    const read = vi.spyOn(store, 'get');
    for (let n = 0; n < 3; n++) expect([...(await keys.read('news', [name]))]).toEqual(['a']);
    expect(read).not.toHaveBeenCalled();
    const others = createSeenKeys(store);
    for (let n = 0; n < 3; n++) expect([...(await others.read('news', [name]))]).toEqual(['a']);
    expect(read).toHaveBeenCalledTimes(1);
  });

  test('that are dropped by name are gone, and are written again', async () => {
    const keys = open();
    const names = [await keys.write('news', ['a'], []), await keys.write('news', ['b'], [])];
    await keys.drop('news', names.slice(0, 1));
    expect(folder.files()).toEqual([`polls/news/${names[1]}`]);
    await keys.write('news', ['a'], names.slice(0, 1));
    expect(folder.files()).toEqual(names.map((name) => `polls/news/${name}`).sort());
  });
});

describe('keys beside the items of a feed', () => {
  const owner = { pair: 'pair', content: 'content', isContested: false };
  const memory = new ItemMemory([['key', owner]], 'free');
  const state = initialState({ fetchFingerprint: 'f', shapeFingerprint: 's', databaseId: null });
  const write = async (digests: string[]) => {
    const store = createDirectoryStore(folder.path);
    const items = await createFeedItemsStore(store).write('news', withKeys(memory.text(), digests));
    return { items, keys: createSeenKeys(store).inItems('news', items, digests) };
  };

  test('are read from the blob of the items, by the worker that wrote it without a request', async () => {
    const { keys } = await write(['b', 'a', 'a']);
    expect([...(await open().read('news', [keys]))].sort()).toEqual(['a', 'b']);
    const store = createDirectoryStore(folder.path);
    const get = vi.spyOn(store, 'get');
    const own = createSeenKeys(store);
    const name = own.inItems('news', 'any', ['c']);
    expect([...(await own.read('news', [name]))]).toEqual(['c']);
    expect(get).not.toHaveBeenCalled();
    expect(folder.files()).toHaveLength(1);
  });

  test('are no items, also for versions that do not know them', async () => {
    const { items } = await write(['a']);
    const text = await createFeedItemsStore(createDirectoryStore(folder.path)).read('news', items);
    expect(ItemMemory.parse(text, 'taken').text()).toBe(memory.text());
    expect(ItemMemory.parse(text, 'taken').get('key')).toEqual(owner);
  });

  test('are one blob with the items: it stays as long as a state names either', async () => {
    const { items, keys } = await write(['a']);
    const named = { ...state, previousPoll: [keys], feedItems: items };
    expect(namedBlobs(named)).toEqual({ keys: [keys], files: [], items: [items] });
    expect(unnamedBlobs(named, { ...named, previousPoll: [] }).items).toEqual([]);
    expect(unnamedBlobs(named, { ...named, previousPoll: ['items-other'], feedItems: 'other' }).items).toEqual([items]);
    await open().drop('news', [keys]);
    expect(folder.files()).toEqual([`feed-items/news/${items}`]);
  });

  test('of a blob that is gone are not known', async () => {
    expect((await open().read('news', ['items-gone'])).size).toBe(0);
  });
});
