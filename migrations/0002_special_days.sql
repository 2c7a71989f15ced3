-- Why:      retirement and restoring go day by day and may be killed anywhere; what has been done with a day must be as
--           durable as its table. ensure_partition takes records of restored days, which are below the floor.
-- Locks:    none that matter: a new table; a function is replaced.
-- Rollback: drop table raw_event_days; create the ensure_partition of 0001 again.

-- Up Migration

create table raw_event_days (
  day date primary key,
  state text not null check (state in ('detaching', 'archived', 'pruning', 'restored')),
  archive text,
  at timestamptz not null default now()
);

comment on table raw_event_days is
  'Daybook: days being retired (archived: the archive is verified; pruning: the keys go), and restored ones, which are kept';

do $migration$
declare
  schema name := current_schema();
begin
  -- As in 0001, but that a restored day is not retired.
  execute format($function$
    create or replace function %1$I.ensure_partition(day date) returns boolean
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set lock_timeout = '2s'
    as $body$
    declare
      partition name := 'raw_events_' || to_char(day, 'YYYY_MM_DD');
      from_time text := to_char(day, 'YYYY-MM-DD') || ' 00:00:00+00';
      to_time text := to_char(day + 1, 'YYYY-MM-DD') || ' 00:00:00+00';
      retired date;
    begin
      perform pg_advisory_xact_lock(%2$L::regclass::oid::bigint);
      select retired_before into retired from %1$I.raw_event_floor;
      if day < retired and not exists (
        select 1 from %1$I.raw_event_days d where d.day = ensure_partition.day and d.state = 'restored'
      ) then
        raise exception 'day %% is retired: days before %% are', day, retired using errcode = 'DB001';
      end if;
      if exists (
        select 1 from pg_inherits join pg_class on pg_class.oid = inhrelid
        where inhparent = %2$L::regclass and relname = partition
      ) then
        return false;
      end if;
      execute format('create table %1$I.%%I (like %1$I.raw_events including all excluding identity)', partition);
      execute format(
        'alter table %1$I.%%I add constraint %%I check (occurred_at >= %%L and occurred_at < %%L)',
        partition, partition || '_day', from_time, to_time);
      execute format(
        'alter table %1$I.raw_events attach partition %1$I.%%I for values from (%%L) to (%%L)',
        partition, from_time, to_time);
      return true;
    end
    $body$
  $function$, schema, format('%I.raw_events', schema));
end
$migration$;
