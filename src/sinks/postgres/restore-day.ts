import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import type { PostgresSettings } from '../../config/environment.ts';
import { archiveColumns, type ArchiveManifest, type Archives } from '../../domain/archive.ts';
import { CsvDigester } from '../../domain/csv-digest.ts';
import type { Day } from '../../domain/day.ts';
import { ArchiveRefused, DaybookError, SinkUnavailable } from '../../domain/errors.ts';
import { ArchiveUnverified, verifyArchive } from './archive-day.ts';
import { listDayTables, markDay, readDayStates, readFloor, unmarkDay } from './day-tables.ts';
import { withOwnerAlone, type OwnerSession } from './maintenance-session.ts';
import { createPartitions } from './partitions.ts';
import { createPool } from './connection.ts';
import { postgresFailure } from './postgres-failure.ts';

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

interface Verified {
  readonly path: string;
  readonly manifest: ArchiveManifest;
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
      for (const archive of verified.toReversed()) restored += await load(session, archives, day, archive);
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
    throw error instanceof DaybookError ? error : postgresFailure(error, `${day} could not be given up`);
  });
}

/** The archives of a day, each content once. @throws ArchiveRefused where one does not hold what it should */
async function verifiedArchives(archives: Archives, day: Day): Promise<Verified[]> {
  const contents = new Map<string, Verified | ArchiveUnverified>();
  for (const { path, manifest } of await archives.list(day)) {
    // Without a manifest it is what a kill left, before anything was dropped.
    if (!manifest) continue;
    const known = contents.get(manifest.sha256);
    if (known && !(known instanceof ArchiveUnverified)) continue;
    const outcome = await verifyArchive(archives, path, manifest).then(
      () => ({ path, manifest }),
      (error: unknown) => {
        if (error instanceof ArchiveUnverified) return error;
        throw error;
      },
    );
    contents.set(manifest.sha256, outcome);
  }
  const outcomes = [...contents.values()];
  for (const outcome of outcomes) {
    if (outcome instanceof ArchiveUnverified) {
      throw new ArchiveRefused(
        `restore: ${outcome.message}; nothing was changed; put an intact copy of the file there`,
      );
    }
  }
  if (outcomes.length === 0) {
    const days = await archives.days();
    const known =
      days.length === 0
        ? 'there is none of any day'
        : `there are archives of ${days.length} days, ${days[0]} to ${days.at(-1)}`;
    throw new ArchiveRefused(
      `restore: found no archive of ${day}, expected archives/${day}.csv.gz with its manifest in the store; ${known}`,
    );
  }
  return outcomes as Verified[];
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

/** Loads an archive beside the tables, then takes the rows whose keys are free, or theirs. @returns rows that went in */
async function load(
  { client, table }: OwnerSession,
  archives: Archives,
  day: Day,
  { path, manifest }: Verified,
): Promise<number> {
  const columns = archiveColumns.join(', ');
  await client.query(`drop table if exists pg_temp.daybook_restored;
    create temporary table daybook_restored on commit drop as select ${columns} from ${table('raw_events')} with no data`);
  const digester = new CsvDigester();
  const csv = await archives.read(path);
  await pipeline(
    async function* () {
      for await (const chunk of csv) {
        digester.add(chunk);
        yield chunk;
      }
    },
    client.query(copyFrom(`copy pg_temp.daybook_restored (${columns}) from stdin (format csv, header)`)),
  );
  if (digester.finish().sha256 !== manifest.sha256) {
    throw new ArchiveRefused(`restore: ${path} changed while it was read, expected nobody to write it; no row went in`);
  }
  await client.query('analyze pg_temp.daybook_restored');
  // Only ever forward: new rows take ids meanwhile.
  await client.query(
    `select setval(sequence, $2::bigint) from (select pg_get_serial_sequence($1, 'id')::regclass as sequence) s
     where $2::bigint > coalesce(pg_sequence_last_value(sequence), 0)`,
    [table('raw_events'), manifest.maxId],
  );
  await client.query(
    `insert into ${table('raw_event_keys')} (source, source_id, occurred_at)
     select source, source_id, occurred_at from pg_temp.daybook_restored
     order by source collate "C", source_id collate "C" on conflict (source, source_id) do nothing`,
  );
  const { rowCount } = await client.query(
    `insert into ${table('raw_events')} (${columns})
     select r.* from pg_temp.daybook_restored r
     join ${table('raw_event_keys')} k on k.source = r.source collate "C" and k.source_id = r.source_id collate "C"
       and k.occurred_at = r.occurred_at
     where r.occurred_at >= $1::timestamptz and r.occurred_at < $1::timestamptz + interval '1 day' and not exists (
       select from ${table('raw_events')} e where e.occurred_at >= $1::timestamptz
         and e.occurred_at < $1::timestamptz + interval '1 day'
         and e.occurred_at = r.occurred_at and e.source = r.source and e.source_id = r.source_id)`,
    [`${day} 00:00:00+00`],
  );
  return rowCount ?? 0;
}
