import { expect, test, vi } from 'vitest';
import { assertRekeyFinished } from '../../../../src/activities/run/rekey-guard.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { writeIdRule } from '../../../../src/store/run/id-rules.ts';
import { useTemporaryFolder } from '../../store/temporary-folder.ts';

const folder = useTemporaryFolder();
const before = '2026-11-20T12:00:00.000Z';
const rule = (done: boolean) => ({ id: ['n'], before, done });

test('a source without a rule is looked at once for each epoch of its state', async () => {
  const store = createDirectoryStore(folder.path);
  const read = vi.spyOn(store, 'get');
  for (let n = 0; n < 3; n++) await assertRekeyFinished(store, 'news', 0);
  expect(read).toHaveBeenCalledTimes(1);
  await writeIdRule(store, 'news', rule(false));
  await assertRekeyFinished(store, 'news', 0);
  await expect(assertRekeyFinished(store, 'news', 1)).rejects.toThrow('only partly moved');
  await expect(assertRekeyFinished(store, 'news', null)).rejects.toThrow('only partly moved');
});

test('a source with a rule is looked at each time: it may be moved again', async () => {
  const store = createDirectoryStore(folder.path);
  await writeIdRule(store, 'news', rule(true));
  await assertRekeyFinished(store, 'news', 4);
  await writeIdRule(store, 'news', rule(false));
  await expect(assertRekeyFinished(store, 'news', 4)).rejects.toThrow('only partly moved');
});
