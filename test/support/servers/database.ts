import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { PostgresSettings } from '../../../src/config/environment/postgres-settings.ts';
import { createPool } from '../../../src/sinks/postgres/connection/connection.ts';
import { administrator } from './administrator.ts';
import { templateDatabase } from './template-database.ts';

/** A migrated database for a test. */
export interface TestDatabase {
  readonly settings: PostgresSettings;
  readonly pool: Pool;
  /** Rows of a query, every value as text. */
  rows(text: string, values?: readonly unknown[]): Promise<Record<string, string | null>[]>;
  /** The first value of a query, as a number. */
  count(text: string, values?: readonly unknown[]): Promise<number>;
  drop(): Promise<void>;
}

/** @param template null for an empty database */
export async function createDatabase(
  server: PostgresSettings,
  template: string | null = templateDatabase,
): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const admin = await administrator(server);
  // Copied as files: no page of it is in memory then, where it would have to be found when the database is dropped.
  const strategy = admin.version >= 150_000 ? ' strategy file_copy' : '';
  await admin.run(`create database ${name}${template === null ? '' : ` template ${template}`}${strategy}`);
  const settings = { ...server, database: name };
  const pool = createPool(settings, { maxConnections: 10 });
  return {
    settings,
    pool,
    async rows(text, values = []) {
      const types = { getTypeParser: () => (value: string) => value };
      const result = await pool.query<Record<string, string | null>>({ text, values: [...values], types });
      return result.rows;
    },
    async count(text, values = []) {
      const { rows } = await pool.query<unknown[]>({ text, values: [...values], rowMode: 'array' });
      return Number(rows[0]?.[0]);
    },
    async drop() {
      await pool.end();
      // `drop database … with (force)` came with PostgreSQL 13.
      await admin.run(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
      await admin.run(`drop database if exists ${name}`);
    },
  };
}
