import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { initialState } from '../../src/domain/state/source-state.ts';
import { grantRole } from '../../src/sinks/postgres/commands/roles.ts';
import { createPool } from '../../src/sinks/postgres/connection/connection.ts';
import { migrate, readDatabaseId } from '../../src/sinks/postgres/commands/migrate.ts';
import { openAlerts } from '../../src/store/alerts/alerts.ts';
import type { BlobStore } from '../../src/store/blobs/blob-store.ts';
import { createDirectoryStore } from '../../src/store/blobs/directory-store.ts';
import { readIdentity, replaceIdentity, storeIdentity } from '../../src/store/identity.ts';
import { writeKeptConfig } from '../../src/store/kept-configs.ts';
import { settleRestoredAlert } from '../../src/store/alerts/restored-alert.ts';
import { settingAside, storeVerdicts } from '../../src/store/alerts/store-alert.ts';
import { writeState } from '../../src/store/run/states.ts';
import { countPair, inspectPair, poolPair, settleRestored, type Pair } from '../../src/worker/pairing/pair.ts';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import { servers } from './servers.ts';

const keptConfig = { file: 'daybook.yaml', config: { sources: [] }, schemas: {}, modules: {}, leftOut: [] };

describe.each(servers)('a store and a database on $name', ({ server }) => {
  let database: TestDatabase;
  let root: string;
  let store: BlobStore;
  let pair: Pair;
  beforeEach(async () => {
    database = await createDatabase(server);
    root = mkdtempSync(join(tmpdir(), 'daybook-pair-'));
    store = settingAside(createDirectoryStore(root), () => {});
    pair = poolPair(store, root, database.pool, database.settings);
  });
  afterEach(async () => {
    await database.drop();
    rmSync(root, { recursive: true, force: true });
  });

  const sides = async () => {
    const [row] = await database.rows('select store_id, counter from raw_event_database');
    const identity = await readIdentity(store);
    return {
      store: identity?.counter,
      next: identity?.next,
      database: Number(row?.['counter']),
      id: row?.['store_id'],
    };
  };
  const addRow = () => database.rows(`insert into raw_event_keys values ('news', 'a', now())`);
  const poll = async (databaseId: string | null) =>
    writeState(store, 'news', initialState({ fetchFingerprint: 'f', shapeFingerprint: 's', databaseId }));

  test('get one id at the first start, and count together from then on', async () => {
    expect(await inspectPair(pair)).toMatchObject({ kind: 'together', isJoined: false });
    expect(await readIdentity(store)).toBeNull();
    expect(await countPair(pair)).toMatchObject({ kind: 'together', counter: 1, restored: null, isFresh: false });
    const { id } = await storeIdentity(store);
    expect(await sides()).toEqual({ store: 1, next: null, database: 1, id });
    await Promise.all(Array.from({ length: 5 }, () => countPair(pair)));
    expect(await sides()).toEqual({ store: 6, next: null, database: 6, id });
    expect(await inspectPair(pair)).toMatchObject({ kind: 'together', isJoined: true, restored: null });
  });

  test('of 0.2.0 get theirs, too', async () => {
    await addRow();
    await poll(null);
    expect(await countPair(pair)).toMatchObject({ kind: 'together', isFresh: false, restored: null });
    expect((await sides()).id).toBe((await storeIdentity(store)).id);
  });

  test('are not a pair if the store is new and the database has rows, until that is accepted', async () => {
    await addRow();
    const found = await countPair(pair);
    expect(found).toMatchObject({ kind: 'foreign', message: expect.stringContaining(root) as string });
    expect(await inspectPair(pair)).toEqual(found);
    expect((await sides()).id).toBeNull();
    // What a run stores meanwhile does not make it the right one.
    await poll(null);
    expect(await countPair(pair)).toMatchObject({ kind: 'foreign' });
    expect(await countPair(pair, { accept: true })).toMatchObject({ kind: 'together', restored: null });
    expect(await countPair(pair)).toMatchObject({ kind: 'together', restored: null });
  });

  test('are not a pair while the store is an unfinished copy, whatever is accepted', async () => {
    await countPair(pair);
    const whole = await storeIdentity(store);
    await replaceIdentity(store, { ...whole, unfinishedCopy: { from: 's3://b', since: '2026-11-24T00:00:00.000Z' } });
    const message: unknown = expect.stringContaining(
      `${root}, which is an unfinished copy of s3://b, expected a complete`,
    );
    expect(await inspectPair(pair)).toEqual({ kind: 'foreign', message });
    expect(await countPair(pair, { accept: true })).toEqual({ kind: 'foreign', message });
    await replaceIdentity(store, whole);
    expect(await countPair(pair)).toMatchObject({ kind: 'together', counter: 2 });
  });

  test('are not a pair if each was joined with another', async () => {
    await countPair(pair);
    const other = await createDatabase(server);
    const mixed = poolPair(store, root, other.pool, other.settings);
    try {
      // An empty database is taken: what is served is stored again.
      expect(await inspectPair(mixed)).toMatchObject({ kind: 'together', isFresh: true });
      await other.rows(`update raw_event_database set id = md5('other')::uuid`);
      await other.rows(`update raw_event_database set store_id = md5('another store')::uuid, counter = 3`);
      expect(await countPair(mixed)).toMatchObject({ kind: 'foreign' });
      await other.rows(`update raw_event_database set store_id = null`);
      expect(await inspectPair(mixed)).toMatchObject({ kind: 'together', isFresh: true });
      await other.rows(`insert into raw_event_keys values ('news', 'a', now())`);
      expect(await countPair(mixed)).toMatchObject({ kind: 'foreign' });
      expect(await countPair(mixed, { accept: true })).toMatchObject({ kind: 'together' });
      expect(await countPair(pair)).toMatchObject({ kind: 'together', restored: { side: 'database' } });
    } finally {
      await other.drop();
    }
  });

  test('a database restored from a dump is reported once, until an operator has handled it', async () => {
    await countPair(pair);
    const dump = await database.rows('select counter from raw_event_database');
    await countPair(pair);
    await database.rows(`update raw_event_database set counter = ${dump[0]?.['counter']}`);
    expect(await inspectPair(pair)).toMatchObject({ restored: { side: 'database', store: 2, database: 1 } });
    const found = await countPair(pair);
    expect(found).toMatchObject({ kind: 'together', restored: { side: 'database', store: 2, database: 1 } });
    expect(await sides()).toMatchObject({ store: 3, database: 3 });
    const { restored } = (await readIdentity(store)) ?? { restored: null };
    expect(await settleRestoredAlert(store, restored)).toHaveLength(1);
    expect(await settleRestoredAlert(store, restored)).toEqual([]);
    expect(await openAlerts(store)).toMatchObject([
      {
        name: 'store',
        source: 'daybook',
        message: expect.stringMatching(/^PostgreSQL is an older copy: run/) as string,
      },
    ]);
    expect(await countPair(pair)).toMatchObject({ restored: { side: 'database', store: 2, database: 1 } });
    expect(await storeVerdicts(store, 'daybook')).toEqual([]);
    expect(await settleRestored(pair, 'store')).toBe(false);
    expect(await settleRestored(pair, 'database')).toBe(true);
    expect(await settleRestoredAlert(store, null)).toMatchObject([{ name: 'store', state: 'resolved' }]);
    expect(await countPair(pair)).toMatchObject({ restored: null });
  });

  test('a store restored from a backup is reported, and accepted on request', async () => {
    await countPair(pair);
    const backup = readFileSync(join(root, 'store.json'));
    await countPair(pair);
    await store.put('store.json', backup);
    expect(await countPair(pair)).toMatchObject({ restored: { side: 'store', store: 1, database: 2 } });
    expect(await countPair(pair, { accept: true })).toMatchObject({ restored: null });
    expect(await countPair(pair)).toMatchObject({ restored: null });
  });

  test('a dump from before the two were joined is reported', async () => {
    await countPair(pair);
    await addRow();
    await database.rows('update raw_event_database set store_id = null, counter = 0');
    expect(await countPair(pair)).toMatchObject({ restored: { side: 'database', store: 1, database: 0 } });
  });

  test('a store with a damaged store.json takes the id from its database if its states name that database', async () => {
    await countPair(pair);
    const { id } = await storeIdentity(store);
    await addRow();
    await poll(await readDatabaseId(database.pool, 'public'));
    await store.put('store.json', '{"id":');
    expect(await countPair(pair)).toMatchObject({ kind: 'together', id, restored: { side: 'store' } });
    expect(await storeIdentity(store)).toMatchObject({ id });
    await store.put('store.json', '{"id":');
    await poll('another');
    expect(await countPair(pair)).toMatchObject({ kind: 'foreign' });
  });

  test('a store whose store.json is gone takes the id, too; a second store of 0.2.0 of the same database does not', async () => {
    await countPair(pair);
    const { id } = await storeIdentity(store);
    await addRow();
    await poll(await readDatabaseId(database.pool, 'public'));
    await store.delete('store.json');
    expect(await countPair(pair)).toMatchObject({ kind: 'foreign' });
    await store.delete('store.json');
    await writeKeptConfig(store, 'daybook', keptConfig, new Date());
    expect(await countPair(pair)).toMatchObject({ kind: 'together', id, restored: { side: 'store' } });
    expect(await storeIdentity(store)).toMatchObject({ id, lostId: false });
  });

  test('a store of 0.2.0 that was joined with an empty database by mistake belongs to its own', async () => {
    await addRow();
    await poll(await readDatabaseId(database.pool, 'public'));
    const wrong = await createDatabase(server);
    await wrong.rows(`update raw_event_database set id = md5('wrong')::uuid`);
    try {
      expect(await countPair(poolPair(store, root, wrong.pool, wrong.settings))).toMatchObject({ isFresh: true });
      expect(await countPair(pair)).toMatchObject({ kind: 'together', restored: null, isFresh: false });
    } finally {
      await wrong.drop();
    }
  });

  test('a database of 0.2.0 is judged before it is migrated', async () => {
    await addRow();
    await database.rows('alter table raw_event_database drop column store_id, drop column counter');
    expect(await inspectPair(pair)).toEqual({ kind: 'unknown' });
    expect(await inspectPair(pair, true)).toMatchObject({ kind: 'foreign' });
    await poll(await readDatabaseId(database.pool, 'public'));
    expect(await inspectPair(pair, true)).toMatchObject({ kind: 'together' });
  });

  test.each(['noted', 'counted'])('kill -9 between the two, %s: nothing looks like a copy', async (step) => {
    await countPair(pair);
    await countInProcess(step);
    const { id } = await storeIdentity(store);
    expect(await sides()).toEqual({ store: 1, next: 2, database: step === 'noted' ? 1 : 2, id });
    expect(await inspectPair(pair)).toMatchObject({ kind: 'together', restored: null });
    await countInProcess(step);
    expect(await countPair(pair)).toMatchObject({ kind: 'together', restored: null });
    const { store: stored, next, database: counted } = await sides();
    expect(stored).toEqual(counted);
    expect(next).toBe(null);
  });

  /** Counts in its own process, which is killed at a step. */
  async function countInProcess(step: string): Promise<void> {
    const dist = (file: string) => pathToFileURL(join(import.meta.dirname, '../../dist', file)).href;
    const script = `
      import { createPool } from '${dist('sinks/postgres/connection/connection.js')}';
      import { createDirectoryStore } from '${dist('store/blobs/directory-store.js')}';
      import { countPair, poolPair } from '${dist('worker/pairing/pair.js')}';
      const [root, settings, step] = JSON.parse(process.env.PAIR);
      const pool = createPool(settings, { maxConnections: 1 });
      const pair = poolPair(createDirectoryStore(root), root, pool, settings);
      await countPair(pair, { onStep: (at) => { if (at === step) process.kill(process.pid, 'SIGKILL'); } });`;
    const PAIR = JSON.stringify([root, database.settings, step]);
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { env: { ...process.env, PAIR } });
    const signal = await new Promise((resolve) => child.once('exit', (_, ended) => resolve(ended)));
    expect(signal).toBe('SIGKILL');
  }

  test('two schemas of one database have their own ids', async () => {
    const settings = { ...database.settings, schema: 'second' };
    await migrate(settings);
    const otherRoot = mkdtempSync(join(tmpdir(), 'daybook-pair-'));
    const second = poolPair(createDirectoryStore(otherRoot), otherRoot, database.pool, settings);
    try {
      await addRow();
      await poll(null);
      const ids = [await countPair(pair), await countPair(second)].map((found) => 'id' in found && found.id);
      expect(new Set(ids).size).toBe(2);
      const swapped = { ...pair, schema: 'second' };
      expect(await countPair(swapped)).toMatchObject({ kind: 'foreign' });
    } finally {
      rmSync(otherRoot, { recursive: true, force: true });
    }
  });

  test('a role that was granted its rights before 0005 may count once it has run', async () => {
    const empty = await createDatabase(server, null);
    const writer = { ...empty.settings, user: `Old "writer" ${root.slice(-6)}`, password: 'w' };
    const name = `"${writer.user.replaceAll('"', '""')}"`;
    await empty.rows(`create role ${name} login password 'w'`);
    try {
      await migrate(empty.settings);
      await empty.rows('alter table raw_event_database drop column store_id, drop column counter');
      await empty.rows(`delete from daybook_migrations where name = '0005_store_identity'`);
      await grantRole(empty.settings, 'writer', writer.user, false);
      await empty.rows(`revoke all on raw_event_database from ${name}`);
      await migrate(empty.settings);
      const pool = createPool(writer, { maxConnections: 1 });
      expect(await countPair(poolPair(store, root, pool, writer))).toMatchObject({ kind: 'together' });
      await pool.end();
    } finally {
      await empty.rows(`drop owned by ${name} cascade`);
      await empty.rows(`drop role ${name}`);
      await empty.drop();
    }
  });
});
