import { escapeIdentifier } from 'pg';
import { addDays, type Day } from '../domain/day.ts';
import { DaybookError, messageOf } from '../domain/errors.ts';
import { withClient } from '../sinks/postgres/client.ts';
import { longTransactions, type LongTransaction } from '../sinks/postgres/long-transactions.ts';
import { isMigrated } from '../sinks/postgres/migrate.ts';
import { listPartitions } from '../sinks/postgres/partitions.ts';
import type { PostgresSettings } from '../config/environment.ts';
import { requirePostgres, type Context } from './context.ts';
import { UsageError } from './usage-error.ts';

export interface DatabaseStatus {
  readonly server: {
    readonly reachable: boolean;
    readonly version: string | null;
    readonly error: string | null;
    /** What has held raw_events for over a minute, and so holds up the rollover. */
    readonly longTransactions: readonly LongTransaction[];
  };
  /** False where neither the environment names one nor this home runs one. */
  readonly found: boolean;
  /** Days ahead of today that have a partition, without a gap. */
  readonly partitions: { readonly ahead: number; readonly oldest: Day | null } | null;
  /** Rows by source whose time is today, UTC; null where the database could not be asked. */
  readonly recordsToday: ReadonlyMap<string, number> | null;
}

const longSeconds = 60;

/** What the database says; a database that is away is a finding, not a failure. */
export async function readDatabaseStatus(context: Context, today: Day): Promise<DatabaseStatus> {
  let settings: PostgresSettings;
  try {
    settings = requirePostgres(context);
  } catch (error) {
    if (!(error instanceof DaybookError)) throw error;
    return { ...unknown(error), found: !(error instanceof UsageError) };
  }
  try {
    return await withClient(settings, async (client) => {
      const version = await client.query<{ server_version: string }>('show server_version');
      const server = {
        ...{ reachable: true, version: version.rows[0]?.server_version ?? null, error: null },
        longTransactions: [] as LongTransaction[],
      };
      if (!(await isMigrated(client, settings.schema))) {
        const error = 'not migrated, run ./daybook migrate';
        return { server: { ...server, error }, partitions: null, recordsToday: null, found: true };
      }
      const table = `${escapeIdentifier(settings.schema)}.raw_events`;
      server.longTransactions = await longTransactions(client, table, longSeconds);
      const days = await listPartitions(client, settings.schema);
      const { rows } = await client.query<{ source: string; count: string }>(
        `select source, count(*) from ${table}
         where occurred_at >= $1::timestamptz and occurred_at < $2::timestamptz group by 1`,
        [`${today}T00:00:00Z`, `${addDays(today, 1)}T00:00:00Z`],
      );
      const recordsToday = new Map(rows.map(({ source, count }) => [source, Number(count)]));
      const partitions = { ahead: daysAhead(new Set(days), today), oldest: days[0] ?? null };
      return { server, partitions, recordsToday, found: true };
    });
  } catch (error) {
    return { ...unknown(error), found: true };
  }
}

function unknown(error: unknown): Omit<DatabaseStatus, 'found'> {
  const server = { reachable: false, version: null, error: messageOf(error), longTransactions: [] };
  return { server, partitions: null, recordsToday: null };
}

function daysAhead(days: ReadonlySet<Day>, today: Day): number {
  let ahead = 0;
  while (days.has(addDays(today, ahead + 1))) ahead++;
  return ahead;
}
