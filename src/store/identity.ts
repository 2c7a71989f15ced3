import { randomUUID } from 'node:crypto';
import { DamagedFile } from '../domain/errors.ts';
import type { PairSide, StoreSide } from '../domain/storage/store-pair.ts';
import type { BlobStore } from './blobs/blob-store.ts';
import { listDamaged } from './blobs/damage.ts';
import { storePaths } from './paths/paths.ts';
import { hasFields, readStoredJson, storedJson } from './blobs/stored-json.ts';
import { listStates, readState } from './run/states.ts';

/** The identity of a store. */
export interface StoreIdentity extends StoreSide {
  /** That one side was found to be an older copy, until an operator has handled it. */
  readonly restored: RestoredNote | null;
  /** That it is the target of a copy that is not complete: no worker may use it. Null = it is not. */
  readonly unfinishedCopy: UnfinishedCopy | null;
  /** Tells a copy from the store that it was made of, and from other copies, which have the same id. Null = it is not a copy. */
  readonly copy: string | null;
}

/** What tells stores apart. */
export type StoreKey = Pick<StoreIdentity, 'id' | 'copy'>;

/** A copy that was begun. */
export interface UnfinishedCopy {
  /** The store that is copied, for people. */
  readonly from: string;
  readonly since: string;
}

/** Which side was older, and how far each had counted then. */
export interface RestoredNote {
  readonly side: PairSide;
  readonly since: string;
  readonly store: number;
  readonly database: number;
}

const path = storePaths.identity.build({});
const noNotes = { restored: null, unfinishedCopy: null, copy: null } as const;

/** Null if the store has no id yet, or where its file is damaged. */
export async function readIdentity(store: BlobStore): Promise<StoreIdentity | null> {
  const found = await readStoredJson(store, path, "the store's id", isIdentity);
  // What a later version adds is kept.
  return found && { ...found, ...defaultsOf(found) };
}

/** The store's id; one that has none gets it. Safe beside others: the first one stays. */
export async function storeIdentity(store: BlobStore): Promise<StoreIdentity> {
  const found = await readIdentity(store);
  if (found) return found;
  await writeIdentity(store, await newIdentity(store));
  const made = await readIdentity(store);
  if (made) return made;
  throw new DamagedFile(`store: ${path} is damaged, expected the store's id; restore it from a backup, or delete it`);
}

/** A candidate for the id of a store without one. */
export async function newIdentity(store: BlobStore): Promise<StoreIdentity> {
  const [older, lostId] = [await holdsData(store), await hadIdentity(store)];
  return { id: randomUUID(), counter: 0, next: null, databaseId: null, older, lostId, ...noNotes };
}

/** Whether a store without an id had one: its files were written only after the store had got its id. */
async function hadIdentity(store: BlobStore): Promise<boolean> {
  for await (const _ of store.walk(storePaths.config.folder({}))) return true;
  const damaged = await listDamaged(store);
  return damaged.some((file) => storePaths.damaged.parse(file.path)?.path === path);
}

/** Writes an id into a store that has none; one that is there stays. */
export async function writeIdentity(store: BlobStore, identity: StoreIdentity): Promise<void> {
  await store.putIfAbsent(path, storedJson(identity));
}

/** Replaces the identity of a store. Only with the lock of the database's row, which excludes other writers. */
export async function replaceIdentity(store: BlobStore, identity: StoreIdentity): Promise<void> {
  await store.put(path, storedJson(identity));
}

/** Files that exist only once sources were polled; an alert or a canary's report does not count. */
const dataFolders = ['state', 'receipt', 'batch', 'marker', 'window', 'deadLetters', 'archive'] as const;

/** Whether sources were polled into the store. */
export async function holdsData(store: BlobStore): Promise<boolean> {
  for (const kind of dataFolders) {
    for await (const _ of store.walk(storePaths[kind].folder({}))) return true;
  }
  return false;
}

/** Whether states of sources name the database, and whether any names another one. */
export async function databasesOfStates(
  store: BlobStore,
  databaseId: string,
): Promise<{ readonly isKnownToStates: boolean; readonly isOtherToStates: boolean }> {
  const found = new Set<string>();
  for (const source of await listStates(store)) {
    const named = (await readState(store, source)).state?.databaseId;
    if (named) found.add(named);
  }
  return { isKnownToStates: found.has(databaseId), isOtherToStates: found.size > Number(found.has(databaseId)) };
}

type Written = Pick<StoreIdentity, 'id'> & Partial<StoreIdentity>;

function isIdentity(value: unknown): value is Written {
  if (
    !hasFields(value, {
      id: 'string',
      counter: 'number?',
      next: 'number?',
      databaseId: 'string?',
      older: 'boolean?',
      lostId: 'boolean?',
      copy: 'string?',
    })
  )
    return false;
  const { restored = null, unfinishedCopy = null } = value as Written;
  const isNote =
    restored === null ||
    (hasFields(restored, { since: 'time', store: 'number', database: 'number' }) &&
      ['store', 'database'].includes(restored.side));
  return isNote && (unfinishedCopy === null || hasFields(unfinishedCopy, { from: 'string', since: 'time' }));
}

function defaultsOf({
  counter,
  next,
  databaseId,
  older,
  lostId,
  restored,
  unfinishedCopy,
  copy,
}: Written): Omit<StoreIdentity, 'id'> {
  return {
    counter: counter ?? 0,
    next: next ?? null,
    databaseId: databaseId ?? null,
    older: older ?? false,
    lostId: lostId ?? false,
    restored: restored ?? null,
    unfinishedCopy: unfinishedCopy ?? null,
    copy: copy ?? null,
  };
}
