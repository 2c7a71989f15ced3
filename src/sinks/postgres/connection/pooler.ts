import type { ClientBase } from 'pg';
import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import { SinkMisconfigured } from '../../../domain/errors.ts';
import { withClient } from './client.ts';

/** The number of queries after which two connections that share server sessions have met in one, also under load. */
const questions = 20;

/**
 * Whether there is a pooler such as PgBouncer in between: the key that it gives to a connection is not that of the server's
 * process.
 */
export async function isBehindPooler(client: ClientBase): Promise<boolean> {
  return (await serverProcess(client)) !== (client as unknown as { readonly processID: number | null }).processID;
}

/**
 * Refuses a connection whose statements may each run in another session of the server (a pooler in transaction mode):
 * settings and locks of a session would not hold there, and hold for others.
 * @throws SinkMisconfigured
 */
export async function requireOwnSession(client: ClientBase, settings: PostgresSettings): Promise<void> {
  if (!(await isBehindPooler(client))) return;
  if (!(await withClient(settings, (other) => shareSessions(client, other)))) return;
  throw new SinkMisconfigured(
    `postgres: found a pooler at ${settings.host}:${settings.port} that shares sessions (PgBouncer in transaction mode), ` +
      'but migrations and maintenance need the database server itself; set PG_DIRECT_HOST and PG_DIRECT_PORT',
  );
}

/** Asked in turns: a session of the one may be given to the other meanwhile. */
async function shareSessions(client: ClientBase, other: ClientBase): Promise<boolean> {
  const [own, theirs] = [await serverProcess(client), await serverProcess(other)];
  for (let n = 0; n < questions; n++) {
    if (own === theirs || (await serverProcess(client)) !== own || (await serverProcess(other)) !== theirs) return true;
  }
  return false;
}

async function serverProcess(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}
