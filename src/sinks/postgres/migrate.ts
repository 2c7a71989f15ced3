import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import { Client, escapeIdentifier } from 'pg';
import type { PostgresSettings } from '../../config/environment.ts';
import { SinkMisconfigured } from '../../domain/errors.ts';
import { clientConfig, postgresFailure, verifyServer } from './connection.ts';

const migrationsTable = 'daybook_migrations';
const migrationsFolder = fileURLToPath(new URL('../../../migrations', import.meta.url));

export interface MigrationResult {
  /** Names of the migrations that ran now, in order. */
  readonly applied: readonly string[];
}

/**
 * Brings a database to the newest schema. Runs beside each other wait for one another; a second does no harm.
 * @param settings of the owner, on a direct connection
 * @throws SinkMisconfigured where a `raw_events` stands there that is not Daybook's
 */
export async function migrate(settings: PostgresSettings): Promise<MigrationResult> {
  // A migration may take longer than any statement of a writer.
  const { query_timeout: _, ...config } = clientConfig(settings);
  const client = new Client({ ...config, options: '-c TimeZone=UTC -c lock_timeout=60s' });
  try {
    await client.connect();
    await verifyServer(client);
    await refuseForeignTable(client, settings.schema);
    const applied = await runner({
      dbClient: client,
      dir: migrationsFolder,
      migrationsTable,
      schema: settings.schema,
      createSchema: !(await hasSchema(client, settings.schema)),
      direction: 'up',
      advisoryLockMode: 'wait',
      verbose: false,
      log: () => {},
    });
    return { applied: applied.map(({ name }) => name) };
  } catch (error) {
    throw error instanceof SinkMisconfigured
      ? error
      : postgresFailure(error, `${settings.database} could not be migrated`);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Making a schema needs a right on the database that the owner of a schema may not have. */
async function hasSchema(client: Client, schema: string): Promise<boolean> {
  const { rows } = await client.query('select from pg_namespace where nspname = $1', [schema]);
  return rows.length > 0;
}

/** Whether every migration that this version knows has run; for readiness. */
export async function isMigrated(client: Pick<Client, 'query'>, schema: string): Promise<boolean> {
  const table = `${escapeIdentifier(schema)}.raw_event_database`;
  const { rows } = await client.query<{ found: boolean }>('select to_regclass($1::text) is not null as found', [table]);
  return rows[0]?.found ?? false;
}

/** The id that the first migration gave this database. */
export async function readDatabaseId(client: Pick<Client, 'query'>, schema: string): Promise<string | null> {
  const { rows } = await client.query<{ id: string }>(`select id from ${escapeIdentifier(schema)}.raw_event_database`);
  return rows[0]?.id ?? null;
}

async function refuseForeignTable(client: Client, schema: string): Promise<void> {
  const { rows } = await client.query<{ columns: string | null; ours: boolean }>(
    `select (select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum)
             from pg_attribute where attrelid = to_regclass($1::text) and attnum > 0 and not attisdropped) as columns,
            to_regclass($2::text) is not null as ours`,
    [`${escapeIdentifier(schema)}.raw_events`, `${escapeIdentifier(schema)}.${migrationsTable}`],
  );
  const [found] = rows;
  if (found?.columns && !found.ours) {
    throw new SinkMisconfigured(
      `postgres: found a table ${schema}.raw_events (${found.columns}) that Daybook did not make, expected none; ` +
        'choose another database with PG_DB or another schema with PG_SCHEMA',
    );
  }
}
