-- Why:      a partition made by hand that covers a day takes its rows, and what keeps a day from being made is named.
--           Every table has a primary key: `create publication ... for all tables` lets no row of others be changed.
-- Locks:    raw_event_floor and raw_event_database, one row each, exclusively for a moment.
-- Rollback: create the ensure_partition of 0002 again; drop function raw_event_ranges();
--           alter table raw_event_floor drop constraint raw_event_floor_pkey;
--           alter table raw_event_database drop constraint raw_event_database_pkey.

-- Up Migration

do $migration$
declare
  schema name := current_schema();
  keyed record;
begin
  for keyed in
    select * from (values ('raw_event_floor', 'retired_before'), ('raw_event_database', 'id')) as t (name, key)
  loop
    -- Somebody may have helped himself before.
    if not exists (
      select from pg_constraint where conrelid = format('%I.%I', schema, keyed.name)::regclass and contype = 'p'
    ) then
      execute format('alter table %I.%I add primary key (%I)', schema, keyed.name, keyed.key);
    end if;
  end loop;

  -- The times that partitions of raw_events stand for, whoever made them; not the DEFAULT one, nor one that is being detached.
  -- Bounds are only to be had as text, in the zone and style of the session.
  execute format($function$
    create function %1$I.raw_event_ranges() returns table (name name, from_time timestamptz, to_time timestamptz)
    language plpgsql stable
    set search_path = pg_catalog, pg_temp
    set timezone = 'UTC'
    set datestyle = 'ISO'
    as $body$
    begin
      return query
        select found.relname,
          case found.bounds[1] when 'MINVALUE' then '-infinity' else trim(both '''' from found.bounds[1])::timestamptz end,
          case found.bounds[2] when 'MAXVALUE' then 'infinity' else trim(both '''' from found.bounds[2])::timestamptz end
        from (
          select p.relname, regexp_match(pg_get_expr(p.relpartbound, p.oid), 'FROM \((.*)\) TO \((.*)\)') as bounds
          from (
            select c.relname, c.relpartbound, c.oid
            from pg_inherits i join pg_class c on c.oid = i.inhrelid
            -- The column came with PostgreSQL 14; as JSON it may be missing.
            where i.inhparent = %2$L::regclass and not coalesce((to_jsonb(i) ->> 'inhdetachpending')::boolean, false)
            -- A fence: pg_get_expr locks what it describes, and would wait for whoever detaches a day.
            offset 0
          ) p
        ) found
        where found.bounds is not null;
    end
    $body$
  $function$, schema, format('%I.raw_events', schema));

  -- As in 0002, but that it looks what stands for the day instead of who bears its name. Raises DB003 where only a person can
  -- make room for the day.
  execute format($function$
    create or replace function %1$I.ensure_partition(day date) returns boolean
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set lock_timeout = '2s'
    set timezone = 'UTC'
    set datestyle = 'ISO'
    as $body$
    declare
      partition name := 'raw_events_' || to_char(day, 'YYYY_MM_DD');
      from_time text := to_char(day, 'YYYY-MM-DD') || ' 00:00:00+00';
      to_time text := to_char(day + 1, 'YYYY-MM-DD') || ' 00:00:00+00';
      attach text := format(
        'alter table %1$I.raw_events attach partition %1$I.%%I for values from (%%L) to (%%L)',
        partition, from_time, to_time);
      retired date;
      covered interval;
      others text;
      standing record;
    begin
      perform pg_advisory_xact_lock(%2$L::regclass::oid::bigint);
      select retired_before into retired from %1$I.raw_event_floor;
      if day < retired and not exists (
        select 1 from %1$I.raw_event_days d where d.day = ensure_partition.day and d.state = 'restored'
      ) then
        raise exception 'day %% is retired: days before %% are', day, retired using errcode = 'DB001';
      end if;
      select sum(least(r.to_time, t.to_time) - greatest(r.from_time, t.from_time)), string_agg(r.name::text, ', ' order by r.name)
        into covered, others
        from %1$I.raw_event_ranges() r,
          (select from_time::timestamptz as from_time, to_time::timestamptz as to_time) t
        where r.from_time < t.to_time and r.to_time > t.from_time;
      if covered >= interval '1 day' then
        return false;
      end if;
      if covered is not null then
        raise exception 'found partitions of raw_events that take a part of the day (%%), expected all of it or nothing; make partitions for the rest of the day, or detach them and move their rows', others
          using errcode = 'DB003';
      end if;
      select c.oid, c.relkind, exists (select from pg_inherits where inhparent = %2$L::regclass and inhrelid = c.oid) as leaving,
          exists (select from pg_constraint where conrelid = c.oid and contype = 'c' and conname = partition || '_day') as ours
        into standing
        from pg_class c
        where c.relname = partition and c.relnamespace = (select relnamespace from pg_class where oid = %2$L::regclass);
      if standing.leaving then
        raise exception 'found %% half detached, expected it in raw_events; run: alter table %1$I.raw_events detach partition %1$I.%% finalize; then: %%',
          partition, partition, attach
          using errcode = 'DB003';
      end if;
      if standing.ours then
        raise exception 'found %% detached by hand, expected it in raw_events; put it back: %%; or rename it, and the day begins anew', partition, attach
          using errcode = 'DB003';
      end if;
      if standing.oid is not null then
        raise exception 'found %% %% that Daybook did not make, expected nothing of that name; rename it',
          case standing.relkind when 'r' then 'a table' when 'p' then 'a table' when 'v' then 'a view' when 'f' then 'a foreign table'
            when 'm' then 'a materialized view' when 'S' then 'a sequence' when 'c' then 'a type' else 'an index' end, partition
          using errcode = 'DB003';
      end if;
      begin
        execute format('create table %1$I.%%I (like %1$I.raw_events including all excluding identity)', partition);
        execute format(
          'alter table %1$I.%%I add constraint %%I check (occurred_at >= %%L and occurred_at < %%L)',
          partition, partition || '_day', from_time, to_time);
        execute attach;
      exception when check_violation then
        -- A DEFAULT partition that holds rows of the day takes the others, too.
        if not exists (select from pg_partitioned_table where partrelid = %2$L::regclass and partdefid <> 0) then
          raise;
        end if;
        return false;
      end;
      return true;
    end
    $body$
  $function$, schema, format('%I.raw_events', schema));
end
$migration$;
