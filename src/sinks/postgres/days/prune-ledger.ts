import type { Day } from '../../../domain/time/day.ts';
import type { OwnerSession } from './maintenance-session.ts';

/** Keys that one statement removes: a single large one would read the whole ledger. */
const batchRows = 10_000;

/**
 * Removes from the ledger the keys of a day's rows. Keys that belong to another time by now stay.
 * @returns how many were removed
 */
export async function pruneLedger(
  { client, table, partition }: OwnerSession,
  day: Day,
  onBatch: (keys: number) => void,
): Promise<number> {
  const statement = `with rows as materialized (
      select id, source, source_id, occurred_at from only ${partition(day)} where id > $1::bigint order by id limit ${batchRows}
    ), gone as (
      delete from ${table('raw_event_keys')} k using rows
      where k.source = rows.source collate "C" and k.source_id = rows.source_id collate "C"
        and k.occurred_at = rows.occurred_at
      returning 1
    )
    select (select max(id)::text from rows) as last, (select count(*) from gone) as keys`;
  let pruned = 0;
  for (let last = '-9223372036854775808'; ;) {
    const { rows } = await client.query<{ last: string | null; keys: string }>(statement, [last]);
    const [batch] = rows;
    if (!batch || batch.last === null) return pruned;
    last = batch.last;
    pruned += Number(batch.keys);
    onBatch(pruned);
  }
}
