import type { Client } from 'pg';
import type { Day } from '../domain/time/day.ts';
import { messageOf } from '../domain/errors.ts';
import { databaseFacts, rowsOfDay, type DatabaseFacts } from '../sinks/postgres/commands/database-facts.ts';
import { withClient } from '../sinks/postgres/connection/client.ts';
import type { LongTransaction } from '../sinks/postgres/connection/long-transactions.ts';
import type { PostgresSettings } from '../config/environment/postgres-settings.ts';

export interface DatabaseStatus {
  readonly server: {
    readonly reachable: boolean;
    readonly version: string | null;
    readonly error: string | null;
    /** Sessions that have been reading raw_events for over a minute, and so delay the rollover. */
    readonly longTransactions: readonly LongTransaction[];
  };
  readonly partitions: DatabaseFacts['partitions'];
}

/** Rows by source whose time is today, UTC; null if the database could not be asked. */
export type RowsToday = ReadonlyMap<string, number> | null;

/** Do not wait for a hanging server until the connection breaks. */
const queryTimeoutMs = 30_000;

/** The status of the database; an unavailable database is a finding, not a failure. */
export async function readDatabaseStatus(settings: PostgresSettings, today: Day): Promise<DatabaseStatus> {
  try {
    const found = await ask(settings, (client) => databaseFacts(client, settings.schema, today));
    const { version, longTransactions, partitions } = found;
    const error = partitions === null ? 'not migrated, run ./daybook migrate' : null;
    return { server: { reachable: true, version, error, longTransactions }, partitions };
  } catch (error) {
    return unreachable(error);
  }
}

/** The status of a database that cannot be reached. */
export function unreachable(error: unknown): DatabaseStatus {
  const server = { reachable: false, version: null, error: messageOf(error), longTransactions: [] };
  return { server, partitions: null };
}

/** Counts the rows of today. The time grows with the number of rows. @throws if the database cannot be asked */
export async function readRowsToday(settings: PostgresSettings, today: Day): Promise<ReadonlyMap<string, number>> {
  return ask(settings, (client) => rowsOfDay(client, settings.schema, today));
}

function ask<T>(settings: PostgresSettings, work: (client: Client) => Promise<T>): Promise<T> {
  return withClient(settings, work, { query_timeout: queryTimeoutMs });
}
