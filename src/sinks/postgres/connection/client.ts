import { connect as connectSocket } from 'node:net';
import { callbackify } from 'node:util';
import pg from 'pg';
import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import { anyCertificate, tlsOptions } from './tls.ts';

const connectTimeoutMs = 5_000;

/** The `pg` configuration of a connection. Sessions get their settings once connected, see `prepareSession`. */
export function clientConfig(settings: PostgresSettings): pg.ClientConfig {
  return {
    host: settings.host,
    port: settings.port,
    database: settings.database,
    user: settings.user,
    password: settings.password,
    ssl: tlsOptions(settings),
    application_name: 'daybook',
    keepAlive: true,
  };
}

/**
 * The class of a server's connections. It bounds connecting alone: a pool's own timeout would also count the wait for a free
 * connection, and so mismismistake a queue for an outage. With `PG_SSLMODE` prefer or allow it asks the server whether it speaks
 * TLS, which `pg` alone does not.
 */
export function clientClass(settings: PostgresSettings): new (config?: string | pg.ClientConfig) => pg.Client {
  return class DaybookClient extends pg.Client {
    constructor(config?: string | pg.ClientConfig) {
      const given = config as pg.ClientConfig;
      // A pool hides the password from being copied.
      super({ ...given, password: given.password, connectionTimeoutMillis: connectTimeoutMs });
    }

    override connect(): Promise<pg.Client>;
    override connect(callback: ((error: Error) => void) | ((error: null, client: pg.Client) => void)): void;
    override connect(
      callback?: ((error: Error) => void) | ((error: null, client: pg.Client) => void),
    ): Promise<pg.Client> | void {
      if (!callback) return this.#connectPreferringTls();
      callbackify(() => this.#connectPreferringTls())(callback as (error: Error, client: pg.Client) => void);
    }

    async #connectPreferringTls(): Promise<pg.Client> {
      if (settings.sslMode === 'prefer' || settings.sslMode === 'allow') {
        const ssl = (await speaksTls(this.host, this.port)) ? anyCertificate(settings) : false;
        const { connection } = this as unknown as { ssl: unknown; connection: { ssl: unknown } };
        Object.assign(this, { ssl });
        connection.ssl = ssl;
      }
      await super.connect();
      return this;
    }
  };
}

/** Opens one connection for some work of its own. A connection that breaks fails its query, not the process. */
export async function withClient<T>(
  settings: PostgresSettings,
  work: (client: pg.Client) => Promise<T>,
  options: pg.ClientConfig = {},
): Promise<T> {
  const client = new (clientClass(settings))({ ...clientConfig(settings), ...options });
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** PostgreSQL's `SSLRequest`: length 8, code 80877103. */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Asks a server whether it speaks TLS. One that cannot be asked does not: the connection itself says what is wrong. */
async function speaksTls(host: string, port: number): Promise<boolean> {
  if (host.startsWith('/')) return false;
  return new Promise((resolve) => {
    const socket = connectSocket({ host, port, timeout: connectTimeoutMs });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => socket.write(sslRequest));
    socket.once('data', (data) => settle(data.toString('latin1', 0, 1) === 'S'));
    for (const event of ['timeout', 'error', 'close']) socket.once(event, () => settle(false));
  });
}
