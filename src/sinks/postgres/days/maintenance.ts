import { escapeIdentifier, type Client } from 'pg';
import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import { dayOfDate, partitionName, type Day } from '../../../domain/time/day.ts';
import { withOwnSession } from './maintenance-session.ts';
import { createPool } from '../connection/connection.ts';
import { ensureAhead, listPartitions, missingAhead } from './partitions.ts';
import { postgresFailure } from '../connection/postgres-failure.ts';

/** What the owner of the tables does with partitions from time to time, on a connection of its own. */
export interface Maintenance {
  /** Makes the partitions of today and the days ahead that are missing; only names them in a dry run. */
  makeAhead(premake: number, now: Date, dryRun: boolean): Promise<readonly Day[]>;
  /** Past days that have changed since they were vacuumed last, or never were. */
  untidyDays(now: Date): Promise<Day[]>;
  /** Collects the statistics of raw_events as a whole once a week, which no vacuum of a day does. */
  analyzeWeekly(now: Date): Promise<boolean>;
  /** Empties a day's pending lists, freezes its rows and gathers its statistics. */
  tidy(day: Day): Promise<void>;
}

export function createMaintenance(owner: PostgresSettings): Maintenance {
  const { schema } = owner;
  const table = (day: Day) => `${escapeIdentifier(schema)}.${escapeIdentifier(partitionName(day))}`;
  const wrapped = (what: string) => (error: unknown) => {
    throw postgresFailure(error, what);
  };
  return {
    async makeAhead(premake, now, dryRun) {
      const pool = createPool(owner, { maxConnections: 1 });
      try {
        return await (dryRun ? missingAhead : ensureAhead)(pool, schema, premake, now);
      } catch (error) {
        return wrapped('partitions could not be created')(error);
      } finally {
        await pool.end();
      }
    },
    async untidyDays(now) {
      return withOwnSession(owner, async (client) => {
        // The statistics are lost when a server crashes; what pg_class says of the last vacuum is not.
        const { rows } = await client.query<{ name: string }>(
          `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
           left join pg_stat_all_tables s on s.relid = c.oid
           where i.inhparent = to_regclass($1::text) and c.relkind = 'r' and pg_relation_size(c.oid) > 0 and (
             c.reltuples < 0 or c.relallvisible < c.relpages
             or pg_relation_size(c.oid) > c.relpages::bigint * current_setting('block_size')::int
             or s.n_mod_since_analyze > 0 or s.n_dead_tup > 0)`,
          [`${escapeIdentifier(schema)}.raw_events`],
        );
        const names = new Set(rows.map(({ name }) => name));
        const days = await listPartitions(client, schema);
        return days.filter((day) => day < dayOfDate(now) && names.has(partitionName(day)));
      }).catch(wrapped('statistics of partitions could not be read'));
    },
    async analyzeWeekly(now) {
      return withOwnSession(owner, async (client) => {
        const parent = `${escapeIdentifier(schema)}.raw_events`;
        // Up to PostgreSQL 13 the time of a partitioned table's last analysis is unknown: it is done on Mondays.
        const { rows } = await client.query<{ due: boolean; only: boolean }>(
          `select coalesce(s.last_analyze < $2::timestamptz - interval '7 days',
                           s.relid is not null or extract(isodow from $2::timestamptz at time zone 'UTC') = 1
                           or not exists (
                             -- An owner that is no superuser may not read pg_statistic itself.
                             select from pg_stats t join pg_namespace n on n.nspname = t.schemaname
                             join pg_class c on c.relnamespace = n.oid and c.relname = t.tablename where c.oid = p.oid
                           )) as due,
                  current_setting('server_version_num')::int >= 180000 as only
           from (select $1::regclass::oid as oid) p left join pg_stat_all_tables s on s.relid = p.oid`,
          [parent, now],
        );
        if (rows[0]?.due !== true) return false;
        await client.query(`set statement_timeout = '2h'`);
        await client.query(`analyze ${rows[0].only ? 'only ' : ''}${parent}`);
        return true;
      }).catch(wrapped('raw_events could not be analysed'));
    },
    async tidy(day) {
      await withOwnSession(owner, async (client) => {
        // A vacuum waits for no reader, but a large day takes its time.
        await client.query(`set statement_timeout = '30min'`);
        const { rows } = await client.query<{ name: string }>(
          `select c.oid::regclass::text as name from pg_index x join pg_class c on c.oid = x.indexrelid
           join pg_am a on a.oid = c.relam where x.indrelid = $1::regclass and a.amname = 'gin'`,
          [table(day)],
        );
        for (const { name } of rows) await cleanPendingList(client, name);
        await client.query(`vacuum (freeze, analyze) ${table(day)}`);
      }).catch(wrapped(`partition of ${day} could not be vacuumed`));
    },
  };
}

/** What waits to be sorted into a GIN index. Another rollover may drop the index at any moment. */
async function cleanPendingList(client: Client, index: string): Promise<void> {
  try {
    await client.query('select gin_clean_pending_list($1::regclass)', [index]);
  } catch (error) {
    const { rows } = await client.query<{ gone: boolean }>('select to_regclass($1) is null as gone', [index]);
    if (rows[0]?.gone !== true) throw error;
  }
}
