import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { archiveColumns, type Archives } from '../../../domain/storage/archive.ts';
import { CsvDigester } from '../../../formats/csv/csv-digest.ts';
import type { Day } from '../../../domain/time/day.ts';
import { ArchiveRefused } from '../../../domain/errors.ts';
import type { OwnerSession } from './maintenance-session.ts';
import { giveNewIds, type ArchivedIds } from './map-restored.ts';
import type { VerifiedArchive } from './verified-archives.ts';

export interface LoadedArchive {
  /** Rows that were inserted. */
  readonly restored: number;
  /** Rows that still have former ids, although their source was given new ones. */
  readonly formerIds: number;
}

/**
 * Loads an archive into a temporary table, then stores the rows whose keys are free, or their own. @param onRows called as rows are
 * read
 */
export async function loadArchive(
  { client, table }: OwnerSession,
  archives: Archives,
  day: Day,
  { path, manifest }: VerifiedArchive,
  newIds: readonly ArchivedIds[],
  onRows: (rows: number) => void,
): Promise<LoadedArchive> {
  const columns = archiveColumns.join(', ');
  await client.query(`drop table if exists pg_temp.daybook_restored;
    create temporary table daybook_restored on commit drop as select ${columns} from ${table('raw_events')} with no data`);
  const digester = new CsvDigester();
  const csv = await archives.read(path);
  await pipeline(
    async function* () {
      for await (const chunk of csv) {
        digester.add(chunk);
        onRows(digester.rows);
        yield chunk;
      }
    },
    client.query(copyFrom(`copy pg_temp.daybook_restored (${columns}) from stdin (format csv, header)`)),
  );
  if (digester.finish().sha256 !== manifest.sha256) {
    throw new ArchiveRefused(
      `restore: ${path} changed while it was read; no row was restored. Nothing else may write this file`,
    );
  }
  let formerIds = 0;
  for (const ids of newIds) formerIds += await giveNewIds(client, ids);
  await client.query('analyze pg_temp.daybook_restored');
  // Only ever forward: new rows take ids at the same time.
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
  return { restored: rowCount ?? 0, formerIds };
}
