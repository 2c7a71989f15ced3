import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import type { Archives } from '../../../domain/storage/archive.ts';
import { partitionName, type Day } from '../../../domain/time/day.ts';
import { ArchiveRefused, DaybookError, SinkUnavailable } from '../../../domain/errors.ts';
import { createPool } from '../connection/connection.ts';
import { listDayTables, listHalfRetired, registerDay, readDayStates, readFloor, unregisterDay } from './day-tables.ts';
import { loadArchive, type LoadedArchive } from './load-archive.ts';
import type { ArchivedIds } from './map-restored.ts';
import { withOwnerAlone, type OwnerSession } from './maintenance-session.ts';
import { requirePartitions } from './partitions.ts';
import { postgresFailure } from '../connection/postgres-failure.ts';
import { verifiedArchives, type VerifiedArchive } from './verified-archives.ts';

export interface RestoreOptions {
  readonly owner: PostgresSettings;
  readonly archives: Archives;
  readonly day: Day;
  /** Called with the number of rows read so far and in total. */
  readonly onRows?: (rows: number, of: number) => void;
  /** Of sources that were given new ids: archives have the former ones. @default none */
  readonly newIds?: readonly ArchivedIds[];
}

export interface RestoredDay {
  readonly day: Day;
  /** `opened_empty`: it was retired, and has no archive. `kept`: it is in raw_events, and nothing was read. */
  readonly outcome: 'restored' | 'opened_empty' | 'kept';
  readonly archives: readonly string[];
  /** Rows that the archives hold. */
  readonly rows: number;
  /** Rows that were inserted now; the others are already there, or their keys belong to another time. */
  readonly restored: number;
  /**
   * Rows that keep former ids, although their source was given new ones: their payloads give none, or that of another row. Absent
   * if there are none.
   */
  readonly formerIds?: number;
  /** What is wrong with an archive of a day that is in raw_events anyway; null if nothing is. */
  readonly damage: string | null;
}

/**
 * Restores a retired day from its archives, each row as it was, each key once; without an archive it is opened empty. A day that is
 * retired changes only if every archive holds what its manifest says. The day takes records and is kept from then on, until {@link
 * releaseRestoredDay}. May be repeated.
 * @throws ArchiveRefused, SinkUnavailable
 */
export async function restoreDay({ owner, archives, day, newIds = [], onRows }: RestoreOptions): Promise<RestoredDay> {
  const found = await verifiedArchives(archives, day).catch((error: unknown) => {
    if (error instanceof ArchiveRefused) return error;
    throw error;
  });
  try {
    return await withOwnerAlone(owner, async (session) => {
      const isAttached = await assertRetired(session, day);
      const isBelowFloor = day < (await readFloor(session));
      const isThere = isAttached && isBelowFloor;
      if (found instanceof ArchiveRefused && !isThere) throw found;
      const verified = found instanceof ArchiveRefused ? [] : found;
      if (verified.length === 0 && !isThere) await assertNotOlder(archives, day, isBelowFloor);
      await registerDay(session, day, 'restored');
      await makePartition(owner, day);
      const rows = verified.reduce((sum, { manifest }) => sum + manifest.rows, 0);
      const loaded = await loadAll(session, archives, day, verified, newIds, (read) => onRows?.(read, rows));
      return {
        day,
        outcome: verified.length > 0 ? 'restored' : isThere ? 'kept' : 'opened_empty',
        archives: verified.map(({ path }) => path),
        rows,
        restored: loaded.restored,
        ...(loaded.formerIds > 0 ? { formerIds: loaded.formerIds } : {}),
        damage: found instanceof ArchiveRefused ? found.message : null,
      };
    });
  } catch (error) {
    if (error instanceof DaybookError) throw error;
    throw postgresFailure(error, `${day} could not be restored; run it again`);
  }
}

async function loadAll(
  session: OwnerSession,
  archives: Archives,
  day: Day,
  verified: readonly VerifiedArchive[],
  newIds: readonly ArchivedIds[],
  onRows: (rows: number) => void,
): Promise<LoadedArchive> {
  let [restored, formerIds] = [0, 0];
  if (verified.length === 0) return { restored, formerIds };
  await session.client.query('begin; set local lock_timeout = 30000');
  // The newest first: it wins for a key that is in several.
  let before = 0;
  for (const archive of verified.toReversed()) {
    const read = before;
    const loaded = await loadArchive(session, archives, day, archive, newIds, (rows) => onRows(read + rows));
    restored += loaded.restored;
    formerIds += loaded.formerIds;
    before += archive.manifest.rows;
  }
  await session.client.query('commit');
  await session.client.query(`analyze ${session.partition(day)}`);
  return { restored, formerIds };
}

/** A day that was retired without a row has no archive; a damaged archive, or a day that was never retired, is an error. */
async function assertNotOlder(archives: Archives, day: Day, isBelowFloor: boolean): Promise<void> {
  const [bare] = await archives.list(day);
  if (bare) {
    throw new ArchiveRefused(
      `restore: ${bare.path} has no manifest ${bare.manifestPath}; nothing was changed. Restore the manifest, or move the archive away to open an empty day`,
    );
  }
  if (isBelowFloor) return;
  const days = await archives.days();
  const known =
    days.length === 0
      ? 'there are no archives'
      : `there are archives of ${days.length === 1 ? days[0] : `${days.length} days, ${days[0]} to ${days.at(-1)}`}`;
  throw new ArchiveRefused(
    `restore: ${day} has no archive and is not retired (looked for ${archives.pathOf(day)} in the store); ${known}`,
  );
}

/**
 * Allows the retirement of a restored day again.
 * @returns false if it was not a restored day
 */
export async function releaseRestoredDay(owner: PostgresSettings, day: Day): Promise<boolean> {
  return withOwnerAlone(owner, async (session) => {
    if ((await readDayStates(session)).get(day) !== 'restored') return false;
    await unregisterDay(session, day);
    return true;
  }).catch((error: unknown) => {
    throw postgresFailure(error, `${day} could not be released`);
  });
}

/** @returns whether the day is in raw_events */
async function assertRetired(session: OwnerSession, day: Day): Promise<boolean> {
  if ((await listHalfRetired(session)).includes(day)) {
    throw new SinkUnavailable(
      `restore: the retirement of ${day} is incomplete; run ./daybook partitions maintain first`,
    );
  }
  const found = (await listDayTables(session)).find((table) => table.day === day);
  if (found?.status !== 'detached') return found !== undefined;
  throw new SinkUnavailable(
    `restore: ${partitionName(day)} was detached by hand; attach it to raw_events again, or rename it`,
  );
}

async function makePartition(owner: PostgresSettings, day: Day): Promise<void> {
  const pool = createPool(owner, { maxConnections: 1 });
  try {
    await requirePartitions(pool, owner.schema, [day]);
  } finally {
    await pool.end();
  }
}
