-- Why:      a database remembers which store belongs to it, and how far both have counted: a lost disk, a missing mount or a
--           restored dump is noticed before anything is stored on top of it. See docs/architecture.md.
-- Locks:    raw_event_database, one row, exclusively for a moment.
-- Rollback: alter table raw_event_database drop column store_id, drop column counter.

-- Up Migration

alter table raw_event_database add column store_id uuid, add column counter bigint not null default 0;

comment on table raw_event_database is
  'Daybook: tells a source''s state that its records went to another database, and which store belongs to this one';

-- Whoever may store must be able to count: a role that was granted its rights by an earlier version gets this one, too.
do $migration$
declare
  writer record;
begin
  for writer in
    select distinct a.grantee::regrole::text as name
    from pg_class c, aclexplode(c.relacl) a
    where c.oid = 'raw_events'::regclass and a.privilege_type = 'INSERT' and a.grantee not in (0, c.relowner)
  loop
    execute format('grant select, update on raw_event_database to %s', writer.name);
  end loop;
end
$migration$;
