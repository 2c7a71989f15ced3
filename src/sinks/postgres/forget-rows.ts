import type { PostgresSettings } from '../../config/environment.ts';
import type { Day } from '../../domain/day.ts';
import { dayBounds } from '../../domain/retention.ts';
import { listDayTables } from './day-tables.ts';
import { withOwner, withOwnerAlone, type OwnerSession } from './maintenance-session.ts';
import { postgresFailure } from './postgres-failure.ts';

/** What is to be forgotten; at least one of them. */
export interface ForgetWhat {
  readonly day: Day | null;
  readonly source: string | null;
}

export interface ForgottenRows {
  readonly rows: number;
  readonly keys: number;
}

/** Rows or keys that one statement removes. */
const batchRows = 10_000;

/** What {@link forgetRows} would remove, and the sources that it concerns, in order. */
export async function countRows(
  owner: PostgresSettings,
  what: ForgetWhat,
): Promise<ForgottenRows & { sources: string[] }> {
  return withOwner(owner, async ({ client, table }) => {
    const { where, values } = condition(what);
    const { rows } = await client.query<{ source: string; rows: string; keys: string }>(
      `select source, sum(rows) as rows, sum(keys) as keys from (
         select source collate "C" as source, count(*) as rows, 0 as keys from ${table('raw_events')} where ${where} group by 1
         union all
         select source, 0, count(*) from ${table('raw_event_keys')} where ${where} group by 1
       ) found group by 1 order by 1`,
      values,
    );
    const sum = (numbers: readonly string[]) => numbers.reduce((total, number) => total + Number(number), 0);
    return {
      sources: rows.map(({ source }) => source),
      rows: sum(rows.map((row) => row.rows)),
      keys: sum(rows.map((row) => row.keys)),
    };
  }).catch(failed);
}

/**
 * Removes rows with their keys, and keys whose rows are gone already, in batches: a kill leaves whole ones. Days that are
 * retired have no rows. May be repeated.
 */
export async function forgetRows(
  owner: PostgresSettings,
  what: ForgetWhat,
  onBatch: (done: ForgottenRows) => void,
): Promise<ForgottenRows> {
  return withOwnerAlone(owner, async (session) => {
    let done: ForgottenRows = { rows: 0, keys: 0 };
    const add = ({ rows, keys }: ForgottenRows) => {
      done = { rows: done.rows + rows, keys: done.keys + keys };
      onBatch(done);
    };
    for (const { day, status } of await listDayTables(session)) {
      if (status === 'attached' && (what.day === null || what.day === day))
        await forgetDayRows(session, day, what, add);
    }
    await forgetKeys(session, what, add);
    await session.client.query(`vacuum ${session.table('raw_event_keys')}`);
    return done;
  }).catch(failed);
}

async function forgetDayRows(
  { client, table, partition }: OwnerSession,
  day: Day,
  { source }: ForgetWhat,
  add: (batch: ForgottenRows) => void,
): Promise<void> {
  const statement = `with doomed as materialized (
      select id, source, source_id, occurred_at from only ${partition(day)}
      where id > $1::bigint and ($2::text is null or source = $2::text) order by id limit ${batchRows}
    ), rows as (
      delete from only ${partition(day)} e using doomed d where e.id = d.id and e.occurred_at = d.occurred_at returning 1
    ), keys as (
      delete from ${table('raw_event_keys')} k using doomed d
      where k.source = d.source collate "C" and k.source_id = d.source_id collate "C" and k.occurred_at = d.occurred_at
      returning 1
    )
    select (select max(id)::text from doomed) as last, (select count(*) from rows) as rows, (select count(*) from keys) as keys`;
  for (let last = '-9223372036854775808'; ;) {
    const { rows } = await client.query<{ last: string | null; rows: string; keys: string }>(statement, [last, source]);
    const [batch] = rows;
    if (!batch || batch.last === null) return;
    last = batch.last;
    add({ rows: Number(batch.rows), keys: Number(batch.keys) });
  }
}

/** Keys whose rows somebody deleted by hand. The ledger is read in its own order, each part once. */
async function forgetKeys(
  { client, table }: OwnerSession,
  { day, source }: ForgetWhat,
  add: (batch: ForgottenRows) => void,
): Promise<void> {
  const [from, to] = day === null ? ['-infinity', 'infinity'] : dayBounds(day);
  const statement = `with part as materialized (
      select source, source_id, occurred_at from ${table('raw_event_keys')}
      where (source, source_id) > ($1::text collate "C", $2::text collate "C") and ($3::text is null or source = $3::text)
      order by source, source_id limit ${batchRows}
    ), gone as (
      delete from ${table('raw_event_keys')} k using part p
      where k.source = p.source and k.source_id = p.source_id
        and p.occurred_at >= $4::timestamptz and p.occurred_at < $5::timestamptz
      returning 1
    )
    select p.source, p.source_id, (select count(*) from gone) as keys
    from part p order by p.source desc, p.source_id desc limit 1`;
  for (let last = ['', '']; ;) {
    const values = [...last, source, from, to];
    const { rows } = await client.query<{ source: string; source_id: string; keys: string }>(statement, values);
    const [batch] = rows;
    if (!batch) return;
    last = [batch.source, batch.source_id];
    add({ rows: 0, keys: Number(batch.keys) });
  }
}

function condition({ day, source }: ForgetWhat): { where: string; values: string[] } {
  const values = [...(day === null ? [] : dayBounds(day)), ...(source === null ? [] : [source])];
  const ofDay = day === null ? [] : ['occurred_at >= $1::timestamptz and occurred_at < $2::timestamptz'];
  const ofSource = source === null ? [] : [`source = $${values.length}::text`];
  return { where: [...ofDay, ...ofSource].join(' and '), values };
}

function failed(error: unknown): never {
  throw postgresFailure(error, 'records could not be forgotten; run it again');
}
