import type { ClientBase } from 'pg';
import type { OwnerSession } from '../days/maintenance-session.ts';

/** What prevents new ids. */
export interface Found {
  readonly count: number;
  /** The first ones, for display. */
  readonly first: readonly string[];
}

/** How many are named. */
const maxListed = 20;

/** Tables of the session in which new ids are noted: of rows, of lines of the journal, and of keys that have no row. */
export async function makeTables({ client }: OwnerSession): Promise<void> {
  // Where there is no new id, why.
  const ids = 'old_id text collate "C" not null, new_id text collate "C", reason text';
  await client.query(`
    create temporary table rekey_rows (id bigint not null, occurred_at timestamptz not null, ${ids});
    create temporary table rekey_lines (${ids});
    create unique index on pg_temp.rekey_lines (old_id, coalesce(new_id, ''));
    create temporary table rekey_keys (occurred_at timestamptz not null, ${ids})`);
}

/**
 * Keys whose rows were deleted by hand still mark their records as stored: their new ids come from the journal. Those that it does
 * not have stay as they are.
 */
export async function noteKeysWithoutRows({ client, table }: OwnerSession, source: string): Promise<void> {
  await client.query('truncate pg_temp.rekey_keys');
  await client.query(
    `insert into pg_temp.rekey_keys
     select distinct on (k.source_id) k.occurred_at, k.source_id, l.new_id
     from ${table('raw_event_keys')} k join pg_temp.rekey_lines l on l.old_id = k.source_id
     where k.source = $1::text and l.new_id is not null and l.new_id <> l.old_id
       and not exists (select from pg_temp.rekey_rows r where r.old_id = k.source_id)
     order by k.source_id, l.new_id`,
    [source],
  );
}

/**
 * New ids that several records would share, each with former ids. A line of the journal that already has its new id does not count:
 * it was written by the new `id`, or moved by an attempt that was cut off. So is a key that is where its row will be.
 */
export async function collisionsOf(client: ClientBase, keys: string, source: string): Promise<Found> {
  const { rows } = await client.query<{ count: string; name: string }>(
    `with ids as (
       select old_id, new_id, true as stored from pg_temp.rekey_rows where new_id is not null
       union select old_id, new_id, false from pg_temp.rekey_lines where new_id is not null and new_id <> old_id
     ), shared as (
       select new_id, min(old_id) as first, max(old_id) as last from ids where stored
       group by new_id having count(distinct old_id) > 1
       union
       select new_id, min(old_id), max(old_id) from ids where new_id <> old_id
       group by new_id having count(distinct old_id) > 1
       union
       select r.new_id, r.old_id, k.source_id from pg_temp.rekey_rows r
       join ${keys} k on k.source = $1::text and k.source_id = r.new_id and k.occurred_at <> r.occurred_at
       where r.new_id <> r.old_id and not exists (select from pg_temp.rekey_rows o where o.old_id = k.source_id)
         and not exists (select from pg_temp.rekey_keys o where o.old_id = k.source_id and o.new_id <> o.old_id)
     ), named as (select new_id, min(first) as first, max(last) as last from shared group by new_id)
     select count(*) over () as count, new_id || ' (of ' || first || ' and ' || last || ')' as name
     from named order by new_id limit ${maxListed}`,
    [source],
  );
  return foundIn(rows);
}

/** Former ids of records in which there is no new one, and why. */
export async function missingOf(client: ClientBase): Promise<Found> {
  const { rows } = await client.query<{ count: string; name: string }>(
    `with missing as (
       select old_id, reason from pg_temp.rekey_rows where new_id is null
       union select old_id, reason from pg_temp.rekey_lines where new_id is null
     ), named as (select old_id, min(reason) as reason from missing group by old_id)
     select count(*) over () as count, old_id || ': ' || reason as name from named order by old_id limit ${maxListed}`,
  );
  return foundIn(rows);
}

function foundIn(rows: readonly { readonly count: string; readonly name: string }[]): Found {
  return { count: Number(rows[0]?.count ?? 0), first: rows.map(({ name }) => name) };
}
