import type pg from 'pg';
import { SinkMisconfigured } from '../../../domain/errors.ts';

/** A little longer than `statement_timeout`, for a server that no longer answers at all. */
export const queryTimeoutMs = 75_000;

/**
 * Times in UTC, and nothing that waits forever. They are set by statements: PgBouncer refuses startup parameters that it does not
 * know.
 */
const sessionSettings = `set timezone = 'UTC'; set statement_timeout = '60s'; set lock_timeout = '10s';
  set idle_in_transaction_session_timeout = '30s'`;

/**
 * Sets a session up for storing, and refuses a server that would lose or change what it is given.
 * @throws SinkMisconfigured
 */
export async function prepareSession(client: Pick<pg.ClientBase, 'query'>): Promise<void> {
  const results: unknown = await client.query(
    `${sessionSettings};
     select current_setting('server_encoding') as encoding, current_setting('synchronous_commit') as commit`,
  );
  const last = (Array.isArray(results) ? results.at(-1) : results) as pg.QueryResult<{
    encoding: string;
    commit: string;
  }>;
  const { encoding, commit } = last.rows[0] ?? { encoding: '', commit: '' };
  if (encoding !== 'UTF8') {
    throw new SinkMisconfigured(`postgres: found server encoding ${encoding}, expected a database with UTF8`);
  }
  if (commit === 'off') {
    throw new SinkMisconfigured(
      'postgres: found synchronous_commit=off, expected on: otherwise a crash of the server loses records already reported as stored',
    );
  }
}
