import type { PostgresSettings } from '../../config/environment.ts';
import type { Archives } from '../../domain/archive.ts';
import type { Day } from '../../domain/day.ts';
import { DaybookError, SinkUnavailable } from '../../domain/errors.ts';
import { createPool } from './connection.ts';
import { listDayTables, markDay, readDayStates, readFloor, unmarkDay } from './day-tables.ts';
import { loadArchive } from './load-archive.ts';
import { withOwnerAlone, type OwnerSession } from './maintenance-session.ts';
import { createPartitions } from './partitions.ts';
import { postgresFailure } from './postgres-failure.ts';
import { verifiedArchives } from './verified-archives.ts';

export interface RestoreOptions {
  readonly owner: PostgresSettings;
  readonly archives: Archives;
  readonly day: Day;
}

export interface RestoredDay {
  readonly day: Day;
  readonly archives: readonly string[];
  /** Rows that the archives hold. */
  readonly rows: number;
  /** Rows that went in now; the others are there already, or their keys belong to another time. */
  readonly restored: number;
}

/**
 * Brings a retired day back from its archives, each row as it was, each key once. Nothing changes unless every archive
 * holds what its manifest says. The day is kept from then on, until {@link unkeepDay}. May be repeated.
 * @throws ArchiveRefused, SinkUnavailable
 */
export async function restoreDay({ owner, archives, day }: RestoreOptions): Promise<RestoredDay> {
  const verified = await verifiedArchives(archives, day);
  try {
    return await withOwnerAlone(owner, async (session) => {
      await refuseUnfinished(session, day);
      if (day < (await readFloor(session))) await markDay(session, day, 'restored');
      await makePartition(owner, day);
      let restored = 0;
      await session.client.query('begin; set local lock_timeout = 30000');
      // The newest first: of a key that stands in several, it knows best.
      for (const archive of verified.toReversed()) restored += await loadArchive(session, archives, day, archive);
      await session.client.query('commit');
      await session.client.query(`analyze ${session.partition(day)}`);
      const rows = verified.reduce((sum, { manifest }) => sum + manifest.rows, 0);
      return { day, archives: verified.map(({ path }) => path), rows, restored };
    });
  } catch (error) {
    if (error instanceof DaybookError) throw error;
    throw postgresFailure(error, `${day} could not be restored; run it again`);
  }
}

/**
 * Lets retirement take a restored day again.
 * @returns false where it was none
 */
export async function unkeepDay(owner: PostgresSettings, day: Day): Promise<boolean> {
  return withOwnerAlone(owner, async (session) => {
    if ((await readDayStates(session)).get(day) !== 'restored') return false;
    await unmarkDay(session, day);
    return true;
  }).catch((error: unknown) => {
    throw postgresFailure(error, `${day} could not be given up`);
  });
}

async function refuseUnfinished(session: OwnerSession, day: Day): Promise<void> {
  const state = (await readDayStates(session)).get(day);
  const found = (await listDayTables(session)).find((table) => table.day === day);
  if ((state === undefined || state === 'restored') && (!found || found.status === 'attached')) return;
  throw new SinkUnavailable(
    `restore: found ${day} half retired, expected it retired or not; run ./daybook partitions maintain first`,
  );
}

async function makePartition(owner: PostgresSettings, day: Day): Promise<void> {
  const pool = createPool(owner, { maxConnections: 1 });
  try {
    await createPartitions(pool, owner.schema).ensure([day]);
  } finally {
    await pool.end();
  }
}
