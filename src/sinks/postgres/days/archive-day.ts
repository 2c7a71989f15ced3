import { to as copyTo } from 'pg-copy-streams';
import {
  archiveColumns,
  type ArchivedRows,
  type ArchiveManifest,
  type Archives,
  type CsvDigest,
} from '../../../domain/storage/archive.ts';
import { digestCsv } from '../../../formats/csv/csv-digest.ts';
import type { Day } from '../../../domain/time/day.ts';
import { messageOf } from '../../../domain/errors.ts';
import type { OwnerSession } from './maintenance-session.ts';

/** An archive does not hold what its table holds. */
export class ArchiveUnverified extends Error {}

/**
 * Archives the table of a day, and reads the archive back. An existing archive with the same content is reused; any other stays
 * beside the new one.
 * @param once whether it was archived and verified before: an archive that broke since is a finding then, not replaced
 * @returns where it is; null if there is no row to archive
 * @throws ArchiveUnverified
 */
export async function archiveDay(
  session: OwnerSession,
  archives: Archives,
  day: Day,
  once: boolean,
  signal: AbortSignal,
): Promise<{ path: string | null; rows: number }> {
  const facts = await describeDay(session, day);
  if (facts.rows === 0) return { path: null, rows: 0 };
  const path =
    (await findSame(session, archives, facts, once)) ?? (await writeArchive(session, archives, facts, signal));
  return { path, rows: facts.rows };
}

/** Reads an archive back: it must hold what its manifest says, and as many rows as its table. */
export async function verifyArchive(archives: Archives, path: string, expected: CsvDigest): Promise<void> {
  const { rows, sha256 } = await digestArchive(archives, path);
  if (rows === expected.rows && sha256 === expected.sha256) return;
  throw new ArchiveUnverified(
    `${path}: found ${rows} rows with sha256 ${sha256.slice(0, 12)}…, expected ${expected.rows} with ${expected.sha256.slice(0, 12)}…`,
  );
}

async function digestArchive(archives: Archives, path: string): Promise<CsvDigest> {
  try {
    return await digestCsv(await archives.read(path));
  } catch (error) {
    throw new ArchiveUnverified(`${path} cannot be read back: ${messageOf(error)}`, { cause: error });
  }
}

async function writeArchive(
  session: OwnerSession,
  archives: Archives,
  facts: ArchivedRows,
  signal: AbortSignal,
): Promise<string> {
  const { path, digest } = await archives.write(facts.day, copyOut(session, facts.day), signal);
  // The table decides how many rows there are to be; what was written, which bytes.
  const manifest: ArchiveManifest = { ...facts, sha256: digest.sha256 };
  await verifyArchive(archives, path, manifest);
  await archives.describe(path, manifest);
  return path;
}

/** The archive, if there is one, whose content is that of the table. One without a manifest gets it. */
async function findSame(
  session: OwnerSession,
  archives: Archives,
  facts: ArchivedRows,
  once: boolean,
): Promise<string | null> {
  const present = await archives.list(facts.day);
  if (present.length === 0) return null;
  const { sha256 } = await digestCsv(copyOut(session, facts.day));
  for (const { path, manifest } of present.toReversed()) {
    if (manifest && manifest.sha256 !== sha256) continue;
    try {
      await verifyArchive(archives, path, { rows: facts.rows, sha256 });
    } catch (error) {
      if (once && manifest) throw error;
      continue;
    }
    await archives.describe(path, { ...facts, sha256 });
    return path;
  }
  return null;
}

/**
 * The rows of a day as CSV, in an order that is always the same. They are queried once a reader asks: the error of a stream without
 * a listener would end the process.
 */
async function* copyOut({ client, partition }: OwnerSession, day: Day): AsyncGenerator<Uint8Array> {
  yield* client.query(
    copyTo(
      `copy (select ${archiveColumns.join(', ')} from only ${partition(day)} order by occurred_at, id)
       to stdout (format csv, header, force_quote *)`,
    ),
  ) as AsyncIterable<Uint8Array>;
}

async function describeDay({ client, partition }: OwnerSession, day: Day): Promise<ArchivedRows> {
  const time = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;
  const { rows } = await client.query<Omit<ArchivedRows, 'day' | 'columns' | 'rows'> & { rows: string }>(
    `select count(*) as rows, min(id)::text as "minId", max(id)::text as "maxId", to_char(min(occurred_at), ${time}) as "minOccurredAt",
            to_char(max(occurred_at), ${time}) as "maxOccurredAt", current_setting('server_version') as "serverVersion"
     from only ${partition(day)}`,
  );
  const [found] = rows;
  if (!found) throw new Error('an aggregate gave no row');
  const { rows: count, serverVersion, ...ends } = found;
  return { day, rows: Number(count), columns: archiveColumns, serverVersion, ...ends };
}
