import { describe, expect, test } from 'vitest';
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

  test('stay if a state names none', async () => {
    const name = await open().write('news', 'one');
    await open().keepOnly('news', null);
    expect(await open().read('news', name)).toBe('one');
  });
});
