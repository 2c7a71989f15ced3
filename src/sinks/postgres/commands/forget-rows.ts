import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import type { Day } from '../../../domain/time/day.ts';
import { SinkUnavailable } from '../../../domain/errors.ts';
import { dayBounds } from '../../../domain/storage/retention.ts';
import { listDayTables, listHalfRetired } from '../days/day-tables.ts';
import { withOwner, withOwnerAlone, type OwnerSession } from '../days/maintenance-session.ts';
import { postgresFailure } from '../connection/postgres-failure.ts';
import { allRemovals, besideNoWriter, countRemoval, removalToken } from '../writer/removals.ts';

/** What is to be forgotten; at least one of them. */
export interface ForgetWhat {
  readonly day: Day | null;
  readonly source: string | null;
}

export interface ForgottenRows {
  readonly rows: number;
  readonly keys: number;
}

/** What was removed, and the sources concerned. */
interface Forgotten extends ForgottenRows {
  readonly sources: readonly string[];
}

/** Rows or keys that one statement removes, while writers wait. They are searched for beforehand. */
const batchRows = 10_000;

/**
 * What {@link forgetRows} would remove, and the sources that it concerns, in order.
 * @throws SinkUnavailable
 */
export async function countRows(owner: PostgresSettings, what: ForgetWhat): Promise<Forgotten> {
  return withOwner(owner, async (session) => {
    const { client, table } = session;
    await assertNotHalfRetired(session, what);
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
 * Removes rows with their keys, and keys whose rows are already gone, in batches: a kill leaves whole ones. A writer's statement
 * sent before that arrives late stores nothing, see `removals.ts`; the tokens stay. Days that are retired have no rows. May be
 * repeated.
 * @throws SinkUnavailable if rows are out of reach because their day is half retired: keys alone would go
 */
export async function forgetRows(
  owner: PostgresSettings,
  what: ForgetWhat,
  onBatch: (done: ForgottenRows) => void,
): Promise<Forgotten> {
  return withOwnerAlone(owner, async (session) => {
    await assertNotHalfRetired(session, what);
    const removal = what.source === null ? allRemovals : removalToken(what.source);
    await besideNoWriter(session, () =>
      session.client.query(countRemoval(session.table('raw_event_batches')), [removal]),
    );
    let done: ForgottenRows = { rows: 0, keys: 0 };
    const sources = new Set<string>();
    const add = ({ rows, keys, sources: of }: Forgotten) => {
      done = { rows: done.rows + rows, keys: done.keys + keys };
      for (const source of of) sources.add(source);
      onBatch(done);
    };
    for (const { day, status } of await listDayTables(session)) {
      if (status === 'attached' && (what.day === null || what.day === day))
        await forgetDayRows(session, day, what, add);
    }
    await forgetKeys(session, what, add);
    await session.client.query(`vacuum ${session.table('raw_event_keys')}`);
    return { ...done, sources: [...sources].sort() };
  }).catch(failed);
}

async function assertNotHalfRetired(session: OwnerSession, { day, source }: ForgetWhat): Promise<void> {
  const held: Day[] = [];
  for (const half of await listHalfRetired(session)) {
    if (day !== null && half !== day) continue;
    if (source === null || (await holdsRowsOf(session, half, source))) held.push(half);
  }
  if (held.length === 0) return;
  throw new SinkUnavailable(
    `forget: the retirement of ${held.join(', ')} is incomplete; run ./daybook partitions maintain first, then forget`,
  );
}

async function holdsRowsOf({ client, partition }: OwnerSession, day: Day, source: string): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(
    `select exists (select from only ${partition(day)} where source = $1::text) as found`,
    [source],
  );
  return rows[0]?.found === true;
}

async function forgetDayRows(
  session: OwnerSession,
  day: Day,
  { source }: ForgetWhat,
  add: (batch: Forgotten) => void,
): Promise<void> {
  const { client, table, partition } = session;
  const find = `select e.id::text, e.source from only ${partition(day)} e
    where e.id > $1::bigint and ($2::text is null or e.source = $2::text) order by e.id limit ${batchRows}`;
  const remove = `with doomed as materialized (
      select id, source, source_id, occurred_at from only ${partition(day)} where id = any ($1::bigint[])
    ), rows as (
      delete from only ${partition(day)} e using doomed d where e.id = d.id and e.occurred_at = d.occurred_at returning 1
    ), keys as (
      delete from ${table('raw_event_keys')} k using doomed d
      where k.source = d.source collate "C" and k.source_id = d.source_id collate "C" and k.occurred_at = d.occurred_at
      returning 1
    )
    select (select count(*) from rows) as rows, (select count(*) from keys) as keys`;
  for (let last = '-9223372036854775808'; ;) {
    const found = await client.query<{ id: string; source: string }>(find, [last, source]);
    const ids = found.rows.map(({ id }) => id);
    if (ids.length === 0) return;
    last = ids.at(-1) ?? last;
    const { rows } = await besideNoWriter(session, () => client.query<{ rows: string; keys: string }>(remove, [ids]));
    const [gone] = rows;
    add({ rows: Number(gone?.rows), keys: Number(gone?.keys), sources: distinct(found.rows) });
  }
}

interface FoundKey {
  readonly source: string;
  readonly source_id: string;
  readonly doomed: boolean;
}

/** Keys whose rows were deleted by hand. The ledger is read in its own order, each part once. */
async function forgetKeys(
  session: OwnerSession,
  { day, source }: ForgetWhat,
  add: (batch: Forgotten) => void,
): Promise<void> {
  const { client, table } = session;
  const bounds = day === null ? ['-infinity', 'infinity'] : dayBounds(day);
  const isDoomed = 'occurred_at >= $3::timestamptz and occurred_at < $4::timestamptz';
  const place =
    source === null
      ? '(source, source_id) > ($1::text collate "C", $2::text collate "C")'
      : 'source = $1::text and source_id > $2::text';
  const find = `select source, source_id, ${isDoomed} as doomed from ${table('raw_event_keys')} where ${place}
    order by source, source_id limit ${batchRows}`;
  const remove = `delete from ${table('raw_event_keys')} k using unnest($1::text[], $2::text[]) as d (source, source_id)
    where k.source = d.source collate "C" and k.source_id = d.source_id collate "C" and ${isDoomed}`;
  for (let last = [source ?? '', '']; ;) {
    const part = await client.query<FoundKey>(find, [...last, ...bounds]);
    const end = part.rows.at(-1);
    if (!end) return;
    last = [end.source, end.source_id];
    const doomed = part.rows.filter((key) => key.doomed);
    if (doomed.length === 0) continue;
    const keys = [doomed.map((key) => key.source), doomed.map((key) => key.source_id)];
    const { rowCount } = await besideNoWriter(session, () => client.query(remove, [...keys, ...bounds]));
    add({ rows: 0, keys: rowCount ?? 0, sources: distinct(doomed) });
  }
}

function distinct(found: readonly { readonly source: string }[]): string[] {
  return [...new Set(found.map(({ source }) => source))];
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
