import type { ClientBase } from 'pg';
import type { IdsOfPayloads } from '../commands/rekey-rows.ts';
import { fetchedRows } from '../connection/snapshot-rows.ts';

/** How the rows of an archive get the ids that their source was given since. */
export interface ArchivedIds {
  readonly source: string;
  /** Rows stored before it have former ids. ISO 8601. */
  readonly before: string;
  readonly idsOf: IdsOfPayloads;
}

/**
 * Gives rows in the temporary table the ids that their payloads give now. A row in which there is none, or whose new id another
 * row of the table has, keeps the one that it has: nothing is lost. Within a transaction.
 * @returns how many keep theirs for that
 */
export async function giveNewIds(client: ClientBase, { source, before, idsOf }: ArchivedIds): Promise<number> {
  await client.query(`drop table if exists pg_temp.daybook_ids;
    create temporary table daybook_ids (id bigint, old_id text collate "C", new_id text collate "C") on commit drop`);
  const toName = fetchedRows<{ id: string; sourceId: string; payload: string }>(
    client,
    `select id::text, source_id as "sourceId", payload::text as payload
     from pg_temp.daybook_restored where source = $1::text and created_at < $2::timestamptz`,
    [source, before],
  );
  for await (const rows of toName) {
    const ids = await idsOf(rows.map(({ payload }) => payload));
    await client.query('insert into pg_temp.daybook_ids select * from unnest($1::bigint[], $2::text[], $3::text[])', [
      rows.map(({ id }) => id),
      rows.map(({ sourceId }) => sourceId),
      ids.map((found) => (found.ok ? found.id : null)),
    ]);
  }
  const kept = await client.query(
    `delete from pg_temp.daybook_ids n where n.new_id is null
       or exists (select from pg_temp.daybook_ids o where o.new_id = n.new_id and o.old_id <> n.old_id and o.id < n.id)
       or exists (select from pg_temp.daybook_restored r where r.source = $1::text and r.source_id = n.new_id collate "C"
         and r.id <> n.id and r.created_at >= $2::timestamptz)`,
    [source, before],
  );
  await client.query(
    `update pg_temp.daybook_restored r set source_id = n.new_id from pg_temp.daybook_ids n
     where r.id = n.id and r.source_id <> n.new_id`,
  );
  return kept.rowCount ?? 0;
}
