import type { Client } from 'pg';

/** A transaction that has held raw_events, or a partition of it, for long: it blocks the retirement of days. */
export interface LongTransaction {
  readonly pid: number;
  readonly user: string | null;
  readonly application: string | null;
  /** ISO 8601. */
  readonly since: string;
}

/**
 * Transactions of at least `seconds` that hold a lock on raw_events, the oldest first. What they run is not read: it may
 * hold secrets. Those of other users are seen by members of `pg_read_all_stats` only.
 * @param table escaped, qualified name of raw_events
 */
export async function longTransactions(
  client: Pick<Client, 'query'>,
  table: string,
  seconds: number,
): Promise<LongTransaction[]> {
  const { rows } = await client.query<{ pid: number; user: string; application: string; since: Date }>(
    `select pid, usename as user, application_name as application, xact_start as since from pg_stat_activity a
     where pid <> pg_backend_pid() and backend_type = 'client backend'
       and xact_start < clock_timestamp() - make_interval(secs => $2::float)
       and not exists (select from pg_stat_progress_vacuum v where v.pid = a.pid)
       and exists (
         select from pg_locks l where l.pid = a.pid and l.granted and l.locktype = 'relation'
           and l.database = (select oid from pg_database where datname = current_database())
           and (l.relation = $1::regclass or l.relation in (select inhrelid from pg_inherits where inhparent = $1::regclass)))
     order by xact_start`,
    [table, seconds],
  );
  return rows.map(({ since, ...rest }) => ({ ...rest, since: since.toISOString() }));
}
