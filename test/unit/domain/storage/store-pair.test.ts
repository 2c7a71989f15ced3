import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  foreignMessage,
  judgePair,
  nextCount,
  restoredMessage,
  type DatabaseSide,
  type PairFacts,
  type StoreSide,
} from '../../../../src/domain/storage/store-pair.ts';

const store = (side: Partial<StoreSide> = {}): StoreSide => ({
  id: 'store-a',
  counter: 0,
  next: null,
  databaseId: null,
  older: false,
  lostId: false,
  ...side,
});
const database = (side: Partial<DatabaseSide> = {}): DatabaseSide => ({
  id: 'db-1',
  storeId: null,
  counter: 0,
  ...side,
});
const facts = (some: Partial<PairFacts> = {}): PairFacts => ({ hasRows: false, isKnownToStates: false, ...some });
const rows = facts({ hasRows: true });
const joined = { databaseId: 'db-1', counter: 7 };

describe('judgePair', () => {
  test.each([
    ['a new store, a new database', store(), database(), facts(), { kind: 'join', restored: null, isFresh: false }],
    ['a store of 0.2.0 and its database', store({ older: true }), database(), rows, { kind: 'join', restored: null }],
    [
      'a store of 0.2.0, the database of another stack of 0.2.0',
      store({ older: true }),
      database(),
      { ...rows, isOtherToStates: true },
      { kind: 'foreign', why: 'other_database' },
    ],
    ['a store of 0.2.0, a new database', store({ older: true }), database(), facts(), { kind: 'join', isFresh: true }],
    [
      'a known store, a new database',
      store(joined),
      database({ id: 'db-2' }),
      facts(),
      { kind: 'join', isFresh: true },
    ],
    ['an empty store, rows', store(), database(), rows, { kind: 'foreign', why: 'empty_store' }],
    ['an empty store, rows of another', store(), database({ storeId: 'store-b' }), rows, { why: 'empty_store' }],
    ['another store', store(joined), database({ storeId: 'store-b' }), rows, { kind: 'foreign', why: 'other_store' }],
    ['another store, no rows', store(joined), database({ storeId: 'store-b' }), facts(), { kind: 'foreign' }],
    ['another database of 0.2.0', store(joined), database({ id: 'db-2' }), rows, { why: 'other_database' }],
    ['its database, of a dump from before', store(joined), database(), rows, { kind: 'join', restored: 'database' }],
    [
      'a store that lost its id, whose states name the database',
      store({ older: true, lostId: true }),
      database({ storeId: 'store-b' }),
      facts({ hasRows: true, isKnownToStates: true }),
      { kind: 'adopt', storeId: 'store-b' },
    ],
    [
      'a second store of 0.2.0 that wrote to the same database',
      store({ older: true }),
      database({ storeId: 'store-b' }),
      facts({ hasRows: true, isKnownToStates: true }),
      { kind: 'foreign', why: 'other_store' },
    ],
    [
      'a store of 0.2.0 that met an empty database first, and its own',
      store({ older: true, databaseId: 'db-2', counter: 1 }),
      database(),
      facts({ hasRows: true, isKnownToStates: true, isOtherToStates: true }),
      { kind: 'join', restored: null, isFresh: false },
    ],
    [
      'a store of 0.2.0 whose states name another',
      store({ older: true }),
      database({ storeId: 'store-b' }),
      rows,
      { kind: 'foreign', why: 'other_store' },
    ],
  ] as const)('%s', (_, one, other, known, expected) => {
    expect(judgePair(one, other, known)).toMatchObject(expected);
  });

  test.each([
    ['both at the same', 7, null, 7, null],
    ['a crash before the database counted', 7, 8, 7, null],
    ['a crash after it', 7, 8, 8, null],
    ['the database one behind', 7, null, 6, 'database'],
    ['the database behind a crash', 7, 8, 6, 'database'],
    ['the store one behind', 7, null, 8, 'store'],
    ['the store behind a crash', 7, 8, 9, 'store'],
  ])('%s', (_, counter, next, inDatabase, restored) => {
    const one = store({ databaseId: 'db-1', counter, next });
    expect(judgePair(one, database({ storeId: 'store-a', counter: inDatabase }), rows)).toEqual({
      kind: 'together',
      restored,
    });
  });

  test('tells a count that is running from a copy, in whichever moment the three are read', () => {
    const before = store({ databaseId: 'db-1', counter: 7 });
    const after = store({ databaseId: 'db-1', counter: 7, next: 8 });
    expect(judgePair(before, database({ storeId: 'store-a', counter: 8 }), rows, after)).toMatchObject({
      restored: null,
    });
  });

  test('no crash looks like a copy, and each copy that misses a count is seen', () => {
    // Steps of a count: noted in the store, counted in the database, finished in the store.
    const step = fc.constantFrom<'noted' | 'counted' | 'finished'>('noted', 'counted', 'finished');
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), fc.nat(), fc.boolean(), (starts, cut, isStore) => {
        let one = store({ databaseId: 'db-1' });
        let other = database({ storeId: 'store-a' });
        const days: (readonly [StoreSide, DatabaseSide])[] = [[one, other]];
        for (const last of starts) {
          expect(judgePair(one, other, rows)).toEqual({ kind: 'together', restored: null });
          const count = nextCount(one, other);
          one = { ...one, next: count };
          if (last !== 'noted') other = { ...other, counter: count };
          if (last === 'finished') one = { ...one, counter: count, next: null };
          days.push([one, other]);
        }
        const [oldStore, oldDatabase] = days[cut % days.length] ?? [one, other];
        const verdict = isStore ? judgePair(oldStore, other, rows) : judgePair(one, oldDatabase, rows);
        const isMissed = isStore
          ? other.counter > (oldStore.next ?? oldStore.counter)
          : oldDatabase.counter < one.counter;
        expect(verdict).toEqual({ kind: 'together', restored: isMissed ? (isStore ? 'store' : 'database') : null });
      }),
    );
  });
});

test('a message names both, and the ways out', () => {
  const names = { store: '/srv/data', database: 'db:5432/daybook, schema public' };
  const text = foreignMessage('empty_store', names, { id: 'store-a' }, { storeId: 'store-b' });
  for (const part of ['/srv/data', 'store-a', 'db:5432/daybook, schema public', 'store-b'])
    expect(text).toContain(part);
  for (const way of ['DAYBOOK_STORE', 'PG_SCHEMA', '--accept-new-store', 'DAYBOOK_ACCEPT_NEW_STORE=1'])
    expect(text).toContain(way);
});

test('the alert of a copy begins with the recipe', () => {
  expect(restoredMessage('database', 9, 4)).toMatch(/^PostgreSQL is an older copy: run \.\/daybook replay-csv/);
  expect(restoredMessage('store', 4, 9)).toMatch(/^the store is an older copy: run \.\/daybook rebuild-journal/);
});
