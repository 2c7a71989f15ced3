import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { escapeIdentifier, type Client } from 'pg';
import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import { SinkMisconfigured } from '../../../domain/errors.ts';
import { withOwnSession } from '../days/maintenance-session.ts';
import { postgresFailure } from '../connection/postgres-failure.ts';
import { prepareSession } from '../connection/session.ts';

const migrationsTable = 'daybook_migrations';
const migrationsFolder = fileURLToPath(new URL('../../../../migrations', import.meta.url));

export interface MigrationResult {
  /** Names of the migrations that ran now, in order. */
  readonly applied: readonly string[];
}

/**
 * Brings a database to the newest schema. Concurrent runs wait for each other; a second run does no harm.
 * @param settings of the owner, on a direct connection
 * @throws SinkMisconfigured if the database has a `raw_events` that is not Daybook's
 */
export async function migrate(settings: PostgresSettings): Promise<MigrationResult> {
  try {
    return await withOwnSession(settings, async (client) => {
      await prepareSession(client);
      // A migration may take longer than any statement of a writer.
      await client.query(`set statement_timeout = 0; set lock_timeout = '60s'`);
      await assertOwnTable(client, settings.schema);
      await assertKnownSchema(client, settings.schema);
      // Commands that only ask whether all migrations ran do not load it.
      const { runner } = await import('node-pg-migrate');
      const applied = await runner({
        dbClient: client,
        dir: migrationsFolder,
        migrationsTable,
        schema: settings.schema,
        createSchema: !(await hasSchema(client, settings.schema)),
        direction: 'up',
        advisoryLockMode: 'wait',
        // A database that a newer version migrated may know more than this one.
        checkOrder: false,
        verbose: false,
        log: () => {},
      });
      return { applied: applied.map(({ name }) => name) };
    });
  } catch (error) {
    throw error instanceof SinkMisconfigured
      ? error
      : postgresFailure(error, `${settings.database} could not be migrated`);
  }
}

/** Creating a schema needs a database privilege that the owner of a schema may not have. */
async function hasSchema(client: Client, schema: string): Promise<boolean> {
  const { rows } = await client.query('select from pg_namespace where nspname = $1', [schema]);
  return rows.length > 0;
}

/** Whether every migration that this version knows has run; for readiness. */
export async function isMigrated(client: Pick<Client, 'query'>, schema: string): Promise<boolean> {
  const ran = await readMigrations(client, schema);
  return knownMigrations().every((name) => ran.has(name));
}

/**
 * Refuses a database whose schema a newer version changed so that this one would store wrongly. Such a migration says so
 * in its name: `NNNN_what_breaking.sql`.
 */
async function assertKnownSchema(client: Client, schema: string): Promise<void> {
  const known = new Set(knownMigrations());
  const breaking = [...(await readMigrations(client, schema))].filter(
    (name) => !known.has(name) && name.endsWith('_breaking'),
  );
  if (breaking.length === 0) return;
  throw new SinkMisconfigured(
    `postgres: the schema is that of a newer Daybook (${breaking.join(', ')}; this one knows up to ${knownMigrations().at(-1)}); run that version`,
  );
}

function knownMigrations(): string[] {
  return readdirSync(migrationsFolder)
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.replace(/\.sql$/, ''))
    .sort();
}

async function readMigrations(client: Pick<Client, 'query'>, schema: string): Promise<ReadonlySet<string>> {
  const table = `${escapeIdentifier(schema)}.${migrationsTable}`;
  const { rows: found } = await client.query<{ found: boolean }>('select to_regclass($1::text) is not null as found', [
    table,
  ]);
  if (found[0]?.found !== true) return new Set();
  const { rows } = await client.query<{ name: string }>(`select name from ${table}`);
  return new Set(rows.map(({ name }) => name));
}

/** The id that the first migration gave this database. */
export async function readDatabaseId(client: Pick<Client, 'query'>, schema: string): Promise<string | null> {
  const { rows } = await client.query<{ id: string }>(`select id from ${escapeIdentifier(schema)}.raw_event_database`);
  return rows[0]?.id ?? null;
}

async function assertOwnTable(client: Client, schema: string): Promise<void> {
  const { rows } = await client.query<{ columns: string | null; ours: boolean }>(
    `select (select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum)
             from pg_attribute where attrelid = to_regclass($1::text) and attnum > 0 and not attisdropped) as columns,
            to_regclass($2::text) is not null as ours`,
    [`${escapeIdentifier(schema)}.raw_events`, `${escapeIdentifier(schema)}.${migrationsTable}`],
  );
  const [found] = rows;
  if (found?.columns && !found.ours) {
    throw new SinkMisconfigured(
      `postgres: a table ${schema}.raw_events (${found.columns}) exists that Daybook did not create; ` +
        'choose another database with PG_DB or another schema with PG_SCHEMA',
    );
  }
}
