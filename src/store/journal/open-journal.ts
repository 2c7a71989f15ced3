import { storePaths } from '../paths/paths.ts';
import type { Stores } from '../open-stores.ts';
import { createBucketJournal } from './bucket/bucket-journal.ts';
import { createFolderJournal } from './folder/folder-journal.ts';
import type { Journal } from './journal.ts';
import { join } from 'node:path';

/** The journal of opened stores. Nothing is asked yet. */
export function journalOf({ store, journal }: Stores): Journal {
  if (journal.setting.kind === 'directory' && store.setting.kind === 'directory') {
    const archives = join(store.setting.folder, storePaths.archive.folder({}));
    return createFolderJournal({ csv: journal.setting.folder, archives });
  }
  return createBucketJournal(journal, store);
}
