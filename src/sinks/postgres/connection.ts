import pg from 'pg';
import type { PostgresSettings } from '../../config/environment.ts';
import { messageOf, SinkMisconfigured, SinkUnavailable, DataCorrupted, DaybookError } from '../../domain/errors.ts';
import { actionFor, hintFor, isSqlState, type PostgresError } from './sql-state.ts';

/** How each session behaves: times in UTC, and nothing that waits for ever. */
const sessionOptions = [
  'TimeZone=UTC',
  'statement_timeout=60s',
  'lock_timeout=10s',
  'idle_in_transaction_session_timeout=30s',
];

/** A little longer than `statement_timeout`, for a server that no longer answers at all. */
const queryTimeoutMs = 75_000;
const connectTimeoutMs = 5_000;

export interface PoolOptions {
  readonly maxConnections: number;
  /** Told when an idle connection breaks: news, not a failure. */
  readonly onIdleError?: (error: Error) => void;
}

/** The `pg` configuration for a connection with Daybook's session settings. */
export function clientConfig(settings: PostgresSettings): pg.ClientConfig {
  return {
    host: settings.host,
    port: settings.port,
    database: settings.database,
    user: settings.user,
    password: settings.password,
    ssl: sslOption(settings),
    application_name: 'daybook',
    options: sessionOptions.map((option) => `-c ${option}`).join(' '),
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
  };
}

export function createPool(settings: PostgresSettings, options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({ ...clientConfig(settings), max: options.maxConnections, idleTimeoutMillis: 30_000 });
  // Without a listener a connection that breaks while idle would end the process.
  pool.on('error', (error) => options.onIdleError?.(error));
  // The pool listens only while a connection is idle; one that breaks in use fails its query as well as emitting this.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

const verified = new WeakSet<pg.PoolClient>();

/**
 * Runs work on a connection that is fit for storing. A connection on which it failed is not used again; if it was broken,
 * or its prepared statement stale, the work is done once more on another: a pool may hand out a connection that broke while
 * nobody looked.
 * @param work safe to repeat
 */
export async function withConnection<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  try {
    return await onOneConnection(await pool.connect(), work);
  } catch (error) {
    const action = error instanceof DaybookError ? null : actionFor(toPostgresError(error));
    if (action !== 'reconnect' && action !== 'reprepare') throw error;
    return onOneConnection(await newConnection(pool), work);
  }
}

/** A connection that nobody has used yet; old ones on the way to it are closed. */
async function newConnection(pool: pg.Pool): Promise<pg.PoolClient> {
  for (;;) {
    const client = await pool.connect();
    if (!verified.has(client)) return client;
    client.release(true);
  }
}

async function onOneConnection<T>(client: pg.PoolClient, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  let failed = true;
  try {
    if (!verified.has(client)) {
      await verifyServer(client);
      verified.add(client);
    }
    const result = await work(client);
    failed = false;
    return result;
  } finally {
    client.release(failed);
  }
}

/**
 * Refuses a server that would lose or change what it is given.
 * @throws SinkMisconfigured
 */
export async function verifyServer(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ encoding: string; commit: string }>(
    `select current_setting('server_encoding') as encoding, current_setting('synchronous_commit') as commit`,
  );
  const { encoding, commit } = rows[0] ?? { encoding: '', commit: '' };
  if (encoding !== 'UTF8') {
    throw new SinkMisconfigured(`postgres: found server encoding ${encoding}, expected a database with UTF8`);
  }
  if (commit === 'off') {
    throw new SinkMisconfigured(
      'postgres: found synchronous_commit=off, expected on: a crash of the server would lose records already reported',
    );
  }
}

/** The failure that an error of PostgreSQL means for a whole write. */
export function postgresFailure(error: unknown, what: string): DaybookError {
  const known = toPostgresError(error);
  const code = isSqlState(known.code) ? ` (${known.code})` : '';
  const message = `postgres: ${what}: ${known.message}${code}${hintFor(known.code)}`;
  switch (actionFor(known)) {
    case 'misconfigured':
      return new SinkMisconfigured(message, { cause: error });
    case 'corrupted':
      return new DataCorrupted(message, { cause: error });
    case 'retry':
    case 'halve':
    case 'ensure_partition':
      return new SinkUnavailable(message, { cause: error, retryAfterMs: jitterMs() });
    default:
      return new SinkUnavailable(message, { cause: error });
  }
}

export function toPostgresError(error: unknown): PostgresError {
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  return {
    code: typeof code === 'string' ? code : undefined,
    constraint: typeof constraint === 'string' ? constraint : undefined,
    message: messageOf(error),
  };
}

/** Writers that collided must not collide again. */
function jitterMs(): number {
  return 200 + Math.floor(Math.random() * 800);
}

function sslOption({ sslMode }: PostgresSettings): pg.ClientConfig['ssl'] {
  switch (sslMode) {
    case 'disable':
    case 'allow':
    case 'prefer':
      return false;
    case 'require':
      return { rejectUnauthorized: false };
    case 'verify-ca':
      return { rejectUnauthorized: true, checkServerIdentity: () => undefined };
    case 'verify-full':
      return { rejectUnauthorized: true };
  }
}
