import { journalOf } from '../journal/open-journal.ts';
import type { Journal } from '../journal/journal.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { OpenedStore, Stores } from '../open-stores.ts';

/** A whole store as one end of a copy. */
export interface CopySide {
  /** Where it is, for people. */
  readonly name: string;
  readonly blobs: BlobStore;
  readonly journal: Journal;
  /** Files of the journal, whatever they are. */
  readonly journalBlobs: BlobStore;
  readonly prove: OpenedStore['prove'];
}

export function copySide(stores: Stores): CopySide {
  const { store, journal } = stores;
  return {
    name: store.name,
    blobs: store.blobs,
    journal: journalOf(stores),
    journalBlobs: journal.blobs,
    prove: store.prove,
  };
}
