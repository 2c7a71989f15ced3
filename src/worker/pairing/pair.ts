import type { ClientBase, Pool } from 'pg';
import type { PostgresSettings } from '../../config/environment/postgres-settings.ts';
import {
  foreignMessage,
  judgePair,
  nextCount,
  type DatabaseSide,
  type PairNames,
  type PairVerdict,
} from '../../domain/storage/store-pair.ts';
import { withConnection } from '../../sinks/postgres/connection/connection.ts';
import {
  holdsRows,
  readDatabaseSide,
  readOlderSide,
  writeDatabaseSide,
} from '../../sinks/postgres/commands/database-side.ts';
import type { BlobStore } from '../../store/blobs/blob-store.ts';
import {
  databasesOfStates,
  newIdentity,
  readIdentity,
  replaceIdentity,
  storeIdentity,
  type RestoredNote,
  type StoreIdentity,
  type UnfinishedCopy,
} from '../../store/identity.ts';
import { inTransaction } from '../../sinks/postgres/connection/transaction.ts';

/** A store and a database, and how to reach them. */
export interface Pair {
  readonly store: BlobStore;
  readonly names: PairNames;
  readonly schema: string;
  /** Opens a separate connection for some work. */
  readonly connect: <T>(work: (client: ClientBase) => Promise<T>) => Promise<T>;
}

export type PairFound =
  /** `isFresh`: the database is empty, the store is not. `isJoined`: the two do not know each other yet. */
  | {
      readonly kind: 'together';
      readonly id: string;
      readonly counter: number;
      readonly restored: RestoredNote | null;
      readonly isFresh: boolean;
      readonly isJoined: boolean;
    }
  | { readonly kind: 'foreign'; readonly message: string }
  /** The database is not migrated that far. */
  | { readonly kind: 'unknown' };

/** Names of the two in messages. */
export function pairNames(storeAt: string, { host, port, database, schema }: PostgresSettings): PairNames {
  return { store: storeAt, database: `${host}:${port}/${database}, schema ${schema}` };
}

/** The two, by connections of a pool. */
export function poolPair(store: BlobStore, storeAt: string, pool: Pool, settings: PostgresSettings): Pair {
  return {
    store,
    names: pairNames(storeAt, settings),
    schema: settings.schema,
    connect: (work) => withConnection(pool, work),
  };
}

/**
 * Checks whether the two belong together. Changes nothing.
 * @param older whether a database of 0.2.0 is judged, too, before it is migrated
 */
export async function inspectPair(pair: Pair, older = false): Promise<PairFound> {
  return pair.connect(async (client) => {
    const before = await readIdentity(pair.store);
    if (before?.unfinishedCopy) return unfinished(pair, before.unfinishedCopy);
    const side = await readDatabaseSide(client, pair.schema);
    const database = side ?? (older ? await readOlderSide(client, pair.schema) : null);
    if (!database) return { kind: 'unknown' };
    const store = before ?? (await newIdentity(pair.store));
    const after = before ? ((await readIdentity(pair.store)) ?? store) : store;
    const verdict = judgePair(store, database, await factsOf(pair, client, store, database), after);
    if (verdict.kind === 'foreign') return foreign(pair, verdict, store, database);
    const copy = verdict.kind === 'adopt' ? 'store' : verdict.restored;
    return {
      kind: 'together',
      id: database.storeId ?? store.id,
      counter: store.counter,
      restored: after.restored ?? noteOf(copy, store, database),
      isFresh: verdict.kind === 'join' && verdict.isFresh,
      isJoined: verdict.kind === 'together',
    };
  });
}

/** Hook at which a test ends the process. */
export type CountStep = 'noted' | 'counted';

export interface CountOptions {
  /** Joins the two although they are foreign, and accepts them as they are although one was restored. */
  readonly accept?: boolean;
  readonly onStep?: (step: CountStep) => void;
}

/**
 * Joins the two where they belong together, and lets both count. Safe beside others that do the same: the row of the database is
 * locked while the store's file is read and replaced. Safe to repeat after a crash at any moment, see `store-pair.ts`.
 */
export async function countPair(pair: Pair, { accept = false, onStep }: CountOptions = {}): Promise<PairFound> {
  return pair.connect(async (client) => {
    const found = await inTransaction(client, () => begin(pair, client, accept, () => onStep?.('noted')));
    if (!('count' in found)) return found;
    onStep?.('counted');
    const { count, databaseId, ...rest } = found;
    await inTransaction(client, async () => {
      await readDatabaseSide(client, pair.schema, true);
      await finish(pair, count, databaseId);
    });
    return { kind: 'together', counter: count, isJoined: true, ...rest };
  });
}

interface Counting {
  readonly id: string;
  readonly count: number;
  readonly databaseId: string;
  readonly restored: RestoredNote | null;
  readonly isFresh: boolean;
}

/** Notes the next number in the store, and counts in the database. */
async function begin(
  pair: Pair,
  client: ClientBase,
  accept: boolean,
  onNoted: () => void,
): Promise<Counting | PairFound> {
  const database = await readDatabaseSide(client, pair.schema, true);
  if (!database) return { kind: 'unknown' };
  const store = await storeIdentity(pair.store);
  if (store.unfinishedCopy) return unfinished(pair, store.unfinishedCopy);
  const verdict = judgePair(store, database, await factsOf(pair, client, store, database));
  if (verdict.kind === 'foreign' && !accept) return foreign(pair, verdict, store, database);
  const id = verdict.kind === 'adopt' ? verdict.storeId : store.id;
  const side = verdict.kind === 'foreign' ? null : verdict.kind === 'adopt' ? 'store' : verdict.restored;
  const restored = accept ? null : (store.restored ?? noteOf(side, store, database));
  const count = nextCount(store, database);
  await replaceIdentity(pair.store, { ...store, id, next: count, restored, lostId: false });
  onNoted();
  await writeDatabaseSide(client, pair.schema, { storeId: id, counter: count });
  const isFresh = verdict.kind === 'join' && verdict.isFresh;
  return { id, count, databaseId: database.id, restored, isFresh };
}

/** Notes that the database has counted. Others may have counted on since. */
async function finish({ store }: Pair, count: number, databaseId: string): Promise<void> {
  const identity = await storeIdentity(store);
  const counter = Math.max(identity.counter, count);
  const next = identity.next !== null && identity.next > counter ? identity.next : null;
  await replaceIdentity(store, { ...identity, counter, next, databaseId });
}

/** Notes that an operator has handled a restored side. @returns whether there was such a note */
export async function settleRestored(pair: Pair, side: RestoredNote['side'] | null): Promise<boolean> {
  return pair.connect((client) =>
    inTransaction(client, async () => {
      await readDatabaseSide(client, pair.schema, true);
      const identity = await readIdentity(pair.store);
      if (!identity?.restored || (side !== null && identity.restored.side !== side)) return false;
      await replaceIdentity(pair.store, { ...identity, restored: null });
      return true;
    }),
  );
}

async function factsOf({ store, schema }: Pair, client: ClientBase, identity: StoreIdentity, database: DatabaseSide) {
  // If the ids decide, the database need not be searched.
  if (database.storeId === identity.id) return { hasRows: true, isKnownToStates: true };
  return {
    hasRows: await holdsRows(client, schema),
    ...(await databasesOfStates(store, database.id)),
  };
}

function noteOf(side: RestoredNote['side'] | null, store: StoreIdentity, database: DatabaseSide): RestoredNote | null {
  if (side === null) return null;
  return { side, since: new Date().toISOString(), store: store.counter, database: database.counter };
}

/** Not to be accepted either: it lacks records, states and batches. */
function unfinished({ names }: Pair, { from }: UnfinishedCopy): PairFound {
  return {
    kind: 'foreign',
    message: `found the store ${names.store}, which is an unfinished copy of ${from}, expected a complete store; finish it with ./daybook store copy --from ${from} --to ${names.store}, or use ${from}`,
  };
}

function foreign(
  { names }: Pair,
  { why }: Extract<PairVerdict, { kind: 'foreign' }>,
  store: StoreIdentity,
  database: DatabaseSide,
): PairFound {
  return { kind: 'foreign', message: foreignMessage(why, names, store, database) };
}
