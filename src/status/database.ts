import { escapeIdentifier, type Client } from 'pg';
import { addDays, type Day } from '../domain/time/day.ts';
import { messageOf } from '../domain/errors.ts';
import { withClient } from '../sinks/postgres/connection/client.ts';
import { longTransactions, type LongTransaction } from '../sinks/postgres/connection/long-transactions.ts';
import { isMigrated } from '../sinks/postgres/commands/migrate.ts';
import { coveredDays, listPartitions } from '../sinks/postgres/days/partitions.ts';
import type { PostgresSettings } from '../config/environment/environment.ts';

export interface DatabaseStatus {
  readonly server: {
    readonly reachable: boolean;
    readonly version: string | null;
    readonly error: string | null;
    /** What has been reading raw_events for over a minute, and so holds up the rollover. */
    readonly longTransactions: readonly LongTransaction[];
  };
  /** Days ahead of today that have a partition, without a gap. */
  readonly partitions: { readonly ahead: number; readonly oldest: Day | null } | null;
}

/** Rows by source whose time is today, UTC; null where the database could not be asked. */
export type RowsToday = ReadonlyMap<string, number> | null;

const longSeconds = 60;
/** A server that answers no more must not be waited for until the connection breaks. */
const queryTimeoutMs = 30_000;

/** What the database says; a database that is away is a finding, not a failure. */
export async function readDatabaseStatus(settings: PostgresSettings, today: Day): Promise<DatabaseStatus> {
  try {
    return await ask(settings, async (client) => {
      const version = await client.query<{ server_version: string }>('show server_version');
      const server = {
        ...{ reachable: true, version: version.rows[0]?.server_version ?? null, error: null },
        longTransactions: [] as LongTransaction[],
      };
      if (!(await isMigrated(client, settings.schema))) {
        return { server: { ...server, error: 'not migrated, run ./daybook migrate' }, partitions: null };
      }
      server.longTransactions = await longTransactions(client, tableOf(settings), longSeconds);
      const [oldest = null] = await listPartitions(client, settings.schema);
      return { server, partitions: { ahead: await daysAhead(client, settings, today), oldest } };
    });
  } catch (error) {
    return unreachable(error);
  }
}

/** What is said of a database that cannot be asked. */
export function unreachable(error: unknown): DatabaseStatus {
  const server = { reachable: false, version: null, error: messageOf(error), longTransactions: [] };
  return { server, partitions: null };
}

/** Counts the rows of today. It takes as long as there are rows. @throws where the database cannot be asked */
export async function readRowsToday(settings: PostgresSettings, today: Day): Promise<ReadonlyMap<string, number>> {
  const { rows } = await ask(settings, (client) =>
    client.query<{ source: string; count: string }>(
      `select source, count(*) from ${tableOf(settings)}
       where occurred_at >= $1::timestamptz and occurred_at < $2::timestamptz group by 1`,
      [`${today}T00:00:00Z`, `${addDays(today, 1)}T00:00:00Z`],
    ),
  );
  return new Map(rows.map(({ source, count }) => [source, Number(count)]));
}

function ask<T>(settings: PostgresSettings, work: (client: Client) => Promise<T>): Promise<T> {
  return withClient(settings, work, { query_timeout: queryTimeoutMs });
}

function tableOf({ schema }: PostgresSettings): string {
  return `${escapeIdentifier(schema)}.raw_events`;
}

/** A partition may have no end. */
const mostAhead = 366;

async function daysAhead(client: Client, { schema }: PostgresSettings, today: Day): Promise<number> {
  const days = Array.from({ length: mostAhead }, (_, ahead) => addDays(today, ahead + 1));
  const covered = await coveredDays(client, schema, days);
  const missing = days.findIndex((day) => !covered.has(day));
  return missing === -1 ? mostAhead : missing;
}
