import type { ClientBase } from 'pg';
import { dayOfPartition, partitionName, type Day } from '../../../domain/time/day.ts';
import type { DayState, DayTable } from '../../../domain/storage/retention.ts';
import type { OwnerSession } from './maintenance-session.ts';

/** The tables of days, also those that are detached. Foreign tables and partitions of other names are not Daybook's. */
export async function listDayTables({ client, table }: OwnerSession): Promise<DayTable[]> {
  // The column came with PostgreSQL 14; as JSON it may be missing.
  const { rows } = await client.query<{ name: string; attached: boolean; pending: boolean }>(
    `select c.relname as name, i.inhparent is not null as attached,
            coalesce((to_jsonb(i) ->> 'inhdetachpending')::boolean, false) as pending
     from pg_class c left join pg_inherits i on i.inhrelid = c.oid
     where c.relnamespace = (select relnamespace from pg_class where oid = $1::regclass) and c.relkind = 'r'
       and c.relname ~ '^raw_events_\\d{4}_\\d\\d_\\d\\d$'
       and (i.inhparent = $1::regclass or (i.inhparent is null and exists (
         select from pg_constraint k where k.conrelid = c.oid and k.contype = 'c' and k.conname = c.relname || '_day')))
     order by c.relname`,
    [table('raw_events')],
  );
  return rows.flatMap(({ name, attached, pending }) => {
    const day = dayOfPartition(name);
    return day === null ? [] : [{ day, status: pending ? 'pending' : attached ? 'attached' : 'detached' }];
  });
}

export async function readDayStates({ client, table }: OwnerSession): Promise<Map<Day, DayState>> {
  const { rows } = await client.query<{ day: Day; state: DayState }>(
    `select to_char(day, 'YYYY-MM-DD') as day, state from ${table('raw_event_days')}`,
  );
  return new Map(rows.map(({ day, state }) => [day, state]));
}

/** Days whose retirement began and did not end: their rows may be out of reach. */
export async function listHalfRetired(session: OwnerSession): Promise<Day[]> {
  const states = await readDayStates(session);
  const isBegun = ({ day, status }: DayTable) =>
    status === 'pending' || (states.has(day) && states.get(day) !== 'restored');
  return (await listDayTables(session)).filter(isBegun).map(({ day }) => day);
}

/** Notes what was done with a day. */
export async function registerDay(
  { client, table }: OwnerSession,
  day: Day,
  state: DayState,
  archive: string | null = null,
): Promise<void> {
  await client.query(
    `insert into ${table('raw_event_days')} as d (day, state, archive) values ($1::date, $2::text, $3::text)
     on conflict (day) do update set state = excluded.state, archive = coalesce(excluded.archive, d.archive), at = now()`,
    [day, state, archive],
  );
}

export async function unregisterDay({ client, table }: OwnerSession, day: Day): Promise<void> {
  await client.query(`delete from ${table('raw_event_days')} where day = $1::date`, [day]);
}

/** Refuses all further records for days before `from`. */
export async function raiseFloor({ client, table }: OwnerSession, from: Day): Promise<void> {
  await client.query(
    `update ${table('raw_event_floor')} set retired_before = $1::date where retired_before < $1::date`,
    [from],
  );
}

/** What reading needs: also allowed for roles that are not the owner. */
interface Reader extends Pick<OwnerSession, 'table'> {
  readonly client: Pick<ClientBase, 'query'>;
}

/** Days before it are retired. */
export async function readFloor({ client, table }: Reader): Promise<Day> {
  const { rows } = await client.query<{ day: Day }>(
    `select to_char(retired_before, 'YYYY-MM-DD') as day from ${table('raw_event_floor')}`,
  );
  return rows[0]?.day ?? '0001-01-01';
}

/** Whether the rows of a day are in raw_events, as restored days and those that were put back are below the floor. */
export async function isAttached({ client, table }: Reader, day: Day): Promise<boolean> {
  const { rows } = await client.query<{ attached: boolean }>(
    `select exists (
       select from pg_inherits i join pg_class c on c.oid = i.inhrelid
       where i.inhparent = $1::regclass and c.relname = $2::text
         and not coalesce((to_jsonb(i) ->> 'inhdetachpending')::boolean, false)) as attached`,
    [table('raw_events'), partitionName(day)],
  );
  return rows[0]?.attached === true;
}
