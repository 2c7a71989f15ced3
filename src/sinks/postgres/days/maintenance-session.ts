import { escapeIdentifier, type Client } from 'pg';
import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import { partitionName, type Day } from '../../../domain/time/day.ts';
import { DaybookError, SinkUnavailable } from '../../../domain/errors.ts';
import { withClient } from '../connection/client.ts';
import { requireOwnSession } from '../connection/pooler.ts';
import { toPostgresError } from '../connection/postgres-failure.ts';

/** A connection of the owner for maintenance, and the names that statements need. */
export interface OwnerSession {
  readonly client: Client;
  /** Escaped. */
  readonly schema: string;
  /** The escaped, qualified name of a table. */
  readonly table: (name: string) => string;
  /** The same of a day's partition. */
  readonly partition: (day: Day) => string;
}

/** Waits for locks only briefly, and retries later: a waiting session blocks those after it. */
const defaultLockTimeoutMs = 2_000;

const settings = (lockTimeoutMs: number) => `set timezone = 'UTC'; set datestyle = 'ISO'; set client_encoding = 'UTF8';
  set statement_timeout = '2h'; set lock_timeout = ${lockTimeoutMs}; set idle_in_transaction_session_timeout = '10min'`;

/**
 * Opens a connection whose session is its own, for work that sets it up or locks by it.
 * @throws SinkMisconfigured behind a pooler that shares sessions
 */
export async function withOwnSession<T>(owner: PostgresSettings, work: (client: Client) => Promise<T>): Promise<T> {
  return withClient(owner, async (client) => {
    await requireOwnSession(client, owner);
    return work(client);
  });
}

/** Runs work as the owner of the tables on a direct connection of its own. */
export async function withOwner<T>(
  owner: PostgresSettings,
  work: (session: OwnerSession) => Promise<T>,
  lockTimeoutMs = defaultLockTimeoutMs,
): Promise<T> {
  return withOwnSession(owner, async (client) => {
    await client.query(settings(lockTimeoutMs));
    const schema = escapeIdentifier(owner.schema);
    const table = (name: string) => `${schema}.${escapeIdentifier(name)}`;
    return work({ client, schema, table, partition: (day) => table(partitionName(day)) });
  });
}

/**
 * The same, while no one else changes the set of days: retirement, restoring, forgetting and indexing exclude each other. The lock
 * ends with the connection.
 * @throws SinkUnavailable if another one is running
 */
export async function withOwnerAlone<T>(
  owner: PostgresSettings,
  work: (session: OwnerSession) => Promise<T>,
  lockTimeoutMs?: number,
): Promise<T> {
  return withOwner(
    owner,
    async (session) => {
      const { rows } = await session.client.query<{ taken: boolean }>(
        // The second key tells schemas apart.
        'select pg_try_advisory_lock(1146244171, $1::regclass::oid::int8::bit(32)::int4) as taken',
        [session.table('raw_events')],
      );
      if (rows[0]?.taken !== true) {
        throw new SinkUnavailable(
          'postgres: other maintenance is running (a rollover, restore or forget); try again once it has ended',
        );
      }
      return work(session);
    },
    lockTimeoutMs,
  );
}

/** A lock was not available, or the table had changed: retry later. */
const lookAgain = new Set(['55P03', '55000', '42P01', '40P01', '40001']);

/** Whether an error says that another session uses the tables. */
export function isBlocked(error: unknown): boolean {
  return !(error instanceof DaybookError) && lookAgain.has(toPostgresError(error).code ?? '');
}
