-- Why:      a canary takes a record the whole way and leaves nothing behind; a writer's role may not delete, so this
--           function does it, for the canary's reserved source alone.
-- Locks:    none that matter: a function is made.
-- Rollback: drop function canary_cleanup(text[]);

-- Up Migration

do $migration$
declare
  schema name := current_schema();
begin
  -- Removes keys, rows and tokens of canaries; returns how many keys there were. A row is looked for in its own day, by
  -- a statement that names it: one for all days would lock every partition.
  execute format($function$
    create function %1$I.canary_cleanup(canaries text[]) returns int
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $body$
    declare
      canary record;
      run text;
      removed int := 0;
    begin
      for canary in
        delete from %1$I.raw_event_keys k
        where k.source = 'daybook-canary' and k.source_id = any (canaries)
        returning k.source_id, k.occurred_at
      loop
        execute format(
          'delete from %%I.raw_events where source = $1 and source_id = $2 and occurred_at = $3 returning payload ->> $4',
          %1$L)
          into run using 'daybook-canary'::text, canary.source_id, canary.occurred_at, 'run'::text;
        -- Tokens begin with the run; 0 follows the slash.
        delete from %1$I.raw_event_batches b where b.token >= run || '/' and b.token < run || '0';
        removed := removed + 1;
      end loop;
      return removed;
    end
    $body$
  $function$, schema);

  execute format('revoke all on function %I.canary_cleanup(text[]) from public', schema);
end
$migration$;
