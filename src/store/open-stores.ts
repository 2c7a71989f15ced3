import { join } from 'node:path';
import { storeName, type StoreLocations, type StoreSetting } from '../domain/storage/store-setting.ts';
import type { BlobStore } from './blobs/blob-store.ts';
import { createDirectoryStore } from './blobs/directory-store.ts';
import { journalFolder, storePaths } from './paths/paths.ts';
import { createS3Store } from './s3/s3-store.ts';

/** Blobs, and where they are. */
export interface OpenedStore {
  readonly setting: StoreSetting;
  /** Where they are, for people. */
  readonly name: string;
  readonly blobs: BlobStore;
  /**
   * Checks that it can be used at all; a folder always can.
   * @throws UsageError if not, SinkUnavailable if it cannot be asked now
   */
  readonly prove: () => Promise<void>;
  /** Does once what Daybook does with it. @throws SinkUnavailable naming what is missing */
  readonly checkRights: () => Promise<void>;
}

/** Everything that a Daybook stores outside its database. */
export interface Stores {
  /** Spool, states, receipts, dead letters, archives. */
  readonly store: OpenedStore;
  readonly journal: OpenedStore;
}

/** Opens the stores. Nothing is made or asked yet. */
export function openStores({ store, dataFolder }: StoreLocations): Stores {
  return { store: openStore(store), journal: openStore(journalSetting(store, dataFolder)) };
}

/** A bucket has the journal beside everything else. */
function journalSetting(store: StoreSetting, dataFolder: string): StoreSetting {
  if (store.kind === 's3') return { ...store, prefix: `${store.prefix}${journalFolder}/` };
  return { kind: 'directory', folder: join(dataFolder, journalFolder) };
}

function openStore(setting: StoreSetting): OpenedStore {
  const name = storeName(setting);
  if (setting.kind === 'directory') {
    const blobs = createDirectoryStore(setting.folder);
    return { setting, name, blobs, prove: async () => {}, checkRights: () => writeAndDelete(blobs) };
  }
  const { prove, checkRights, ...blobs } = createS3Store(setting);
  return { setting, name, blobs, prove, checkRights };
}

async function writeAndDelete(blobs: BlobStore): Promise<void> {
  const probe = storePaths.doctorProbe.build({});
  await blobs.put(probe, 'x');
  await blobs.delete(probe);
}
