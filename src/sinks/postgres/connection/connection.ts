import { callbackify } from 'node:util';
import pg from 'pg';
import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import { DaybookError } from '../../../domain/errors.ts';
import { clientClass, clientConfig } from './client.ts';
import { toPostgresError } from './postgres-failure.ts';
import { prepareSession, queryTimeoutMs } from './session.ts';
import { actionFor } from './sql-state.ts';

export interface PoolOptions {
  readonly maxConnections: number;
  /** Called when an idle connection breaks, which is not a failure. */
  readonly onIdleError?: (error: Error) => void;
}

export function createPool(settings: PostgresSettings, options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    ...clientConfig(settings),
    query_timeout: queryTimeoutMs,
    max: options.maxConnections,
    idleTimeoutMillis: 30_000,
    Client: clientClass(settings),
    verify: callbackify(prepareSession),
  });
  // Without a listener a connection that breaks while idle would end the process.
  pool.on('error', (error) => options.onIdleError?.(error));
  // The pool listens only while a connection is idle; one that breaks in use fails its query as well as emitting this.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** Connections that have done some work: they may hold prepared statements that are stale. */
const used = new WeakSet<pg.PoolClient>();

/**
 * Runs work on a connection of the pool. A connection on which it failed is not used again; if it was broken, or its prepared
 * statement stale, the work is done once more on another: a pool may hand out a connection that broke while it was idle.
 * @param work safe to repeat
 */
export async function withConnection<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  try {
    return await onOneConnection(await pool.connect(), work);
  } catch (error) {
    switch (error instanceof DaybookError ? null : actionFor(toPostgresError(error))) {
      case 'reconnect':
        return onOneConnection(await connectionThat(pool, answers), work);
      case 'reprepare':
        return onOneConnection(await connectionThat(pool, async (client) => !used.has(client)), work);
      default:
        throw error;
    }
  }
}

/** The first usable connection; broken ones found before it are closed. */
async function connectionThat(
  pool: pg.Pool,
  isFit: (client: pg.PoolClient) => Promise<boolean>,
): Promise<pg.PoolClient> {
  for (;;) {
    const client = await pool.connect();
    if (await isFit(client)) return client;
    client.release(true);
  }
}

async function answers(client: pg.PoolClient): Promise<boolean> {
  return client.query('select 1').then(
    () => true,
    () => false,
  );
}

async function onOneConnection<T>(client: pg.PoolClient, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  let failed = true;
  try {
    used.add(client);
    const result = await work(client);
    failed = false;
    return result;
  } finally {
    client.release(failed);
  }
}
