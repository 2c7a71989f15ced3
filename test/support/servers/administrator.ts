import { Pool } from 'pg';
import type { PostgresSettings } from '../../../src/config/environment/postgres-settings.ts';

/** Makes and drops the databases of tests. */
export interface Administrator {
  /** As in 180004. */
  readonly version: number;
  run(statement: string): Promise<void>;
}

const administrators = new Map<string, Administrator>();

/** Its connection serves all tests of a process: to open one costs as much as what it is for. */
export async function administrator(server: PostgresSettings): Promise<Administrator> {
  const key = JSON.stringify(server);
  const known = administrators.get(key);
  if (known) return known;
  const pool = new Pool({ ...server, database: 'postgres', idleTimeoutMillis: 60_000, allowExitOnIdle: true });
  // A server may be stopped meanwhile; the next statement opens another connection.
  pool.on('error', () => {});
  const { rows } = await pool.query<{ version: string }>(`select current_setting('server_version_num') as version`);
  const found: Administrator = {
    version: Number(rows[0]?.version),
    run: async (statement) => void (await pool.query(statement)),
  };
  administrators.set(key, found);
  return found;
}
