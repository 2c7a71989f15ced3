/**
 * Whether a store and a database belong together. Each has the id of the store, and both count each start of a worker and each
 * rollover. The store notes the number that comes next before the database counts, and that it has counted afterwards: so the
 * database is at `counter` or at `next`, whenever a crash ends it. A number outside of that comes from a copy of one side.
 */
export interface StoreSide {
  readonly id: string;
  readonly counter: number;
  /** What the database may have counted to already; null = no count is in progress. */
  readonly next: number | null;
  /** `raw_event_database.id` of the database that it was joined with last; null = never. */
  readonly databaseId: string | null;
  /** Whether it held data before it had an id: a version before 0.3.0 wrote it, or its id was lost. */
  readonly older: boolean;
  /** Whether it had another id before, which was lost: it holds what only a store with an id holds. */
  readonly lostId: boolean;
}

export interface DatabaseSide {
  readonly id: string;
  /** The store that it was joined with last; null = none. */
  readonly storeId: string | null;
  readonly counter: number;
}

/** What is asked only where the ids do not tell. */
export interface PairFacts {
  /** Whether the database holds rows, or days of it were retired. */
  readonly hasRows: boolean;
  /** Whether the state of a source names this database. */
  readonly isKnownToStates: boolean;
  /** Whether states of sources name other databases. */
  readonly isOtherToStates?: boolean;
}

export type PairSide = 'store' | 'database';

export type PairVerdict =
  /** `restored`: the side that is a copy of an earlier day; null = none is. */
  | { readonly kind: 'together'; readonly restored: PairSide | null }
  /** They are to be joined. `isFresh`: the database is empty, and the store is not new. */
  | { readonly kind: 'join'; readonly restored: PairSide | null; readonly isFresh: boolean }
  /** The database's id of the store is right: the store has lost its own. */
  | { readonly kind: 'adopt'; readonly storeId: string }
  | { readonly kind: 'foreign'; readonly why: ForeignReason };

export type ForeignReason = 'other_store' | 'empty_store' | 'other_database';

/**
 * @param store as it was read before the database
 * @param after as it was read after the database: workers count meanwhile
 */
export function judgePair(
  store: StoreSide,
  database: DatabaseSide,
  facts: PairFacts,
  after: StoreSide = store,
): PairVerdict {
  if (database.storeId === store.id) return { kind: 'together', restored: restoredSide(store, database, after) };
  if (database.storeId === null) {
    if (!facts.hasRows) {
      return { kind: 'join', restored: null, isFresh: store.databaseId !== null || store.older };
    }
    // A dump of a time before the two were joined.
    if (store.databaseId === database.id) return { kind: 'join', restored: 'database', isFresh: false };
    // A store of 0.2.0 that was joined with an empty database by mistake, and returns to its own.
    if (store.older && facts.isKnownToStates) return { kind: 'join', restored: null, isFresh: false };
    if (store.databaseId !== null) return { kind: 'foreign', why: 'other_database' };
    if (!store.older) return { kind: 'foreign', why: 'empty_store' };
    // A store of 0.2.0 beside the database of another stack.
    if (facts.isOtherToStates === true) return { kind: 'foreign', why: 'other_database' };
    return { kind: 'join', restored: null, isFresh: false };
  }
  // Without a sign that the id was lost it is a second store of 0.2.0 that wrote to the same database.
  if (store.databaseId === null && store.lostId && facts.isKnownToStates) {
    return { kind: 'adopt', storeId: database.storeId };
  }
  return { kind: 'foreign', why: store.databaseId === null && !store.older ? 'empty_store' : 'other_store' };
}

function restoredSide(before: StoreSide, { counter }: DatabaseSide, after: StoreSide): PairSide | null {
  if (counter < before.counter) return 'database';
  return counter > (after.next ?? after.counter) ? 'store' : null;
}

/** What both count to next. */
export function nextCount(store: StoreSide, database: DatabaseSide): number {
  return Math.max(store.next ?? store.counter, database.counter) + 1;
}

/** What the two are called in messages. */
export interface PairNames {
  /** Its folder. */
  readonly store: string;
  /** `host:port/database, schema public`. */
  readonly database: string;
}

/** Why a store and a database do not belong together, and the possible remedies. */
export function foreignMessage(
  why: ForeignReason,
  names: PairNames,
  store: Pick<StoreSide, 'id'>,
  database: Pick<DatabaseSide, 'storeId'>,
): string {
  return (
    `found the store ${names.store} (${storeWords[why]}, id ${store.id}) and the database ${names.database} ` +
    `(${databaseWords(database)}), which are not a pair; ` +
    'mount the folder of the right store or set DAYBOOK_STORE (or DAYBOOK_DATA) to it, or set PG_HOST, ' +
    'PG_DB and PG_SCHEMA to the right database; if the right ones are lost, pair these two with --accept-new-store or DAYBOOK_ACCEPT_NEW_STORE=1'
  );
}

const storeWords: Readonly<Record<ForeignReason, string>> = {
  empty_store: 'it is new',
  other_store: 'it belongs to another database',
  other_database: 'it belongs to another database',
};

function databaseWords({ storeId }: Pick<DatabaseSide, 'storeId'>): string {
  return storeId === null ? 'it has rows' : `it belongs to the store with the id ${storeId}`;
}

/** The message of the alert for a restored side: the recipe first, because the line of `status` is short. */
export function restoredMessage(side: PairSide, store: number, database: number): string {
  const counts = `the counter of the store is ${store}, that of the database ${database}`;
  return side === 'database'
    ? `PostgreSQL is an older copy: run ./daybook replay-csv, which stores what it lacks (${counts}); see "A restored database or store" in docs/operations.md`
    : `the store is an older copy: run ./daybook rebuild-journal, which writes the CSV it lacks (${counts}); see "A restored database or store" in docs/operations.md`;
}
