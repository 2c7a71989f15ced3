import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { readEnvironment } from '../../../src/config/environment/environment.ts';
import type { PostgresSettings } from '../../../src/config/environment/postgres-settings.ts';
import { embeddedPostgresSettings } from '../../../src/embedded/addresses.ts';
import { Home } from '../../../src/embedded/home/home.ts';
import { startStack, stopStack } from '../../../src/embedded/stack.ts';
import { migrate } from '../../../src/sinks/postgres/commands/migrate.ts';
import { startDebianPostgres, type OtherPostgres } from './debian-postgres.ts';
import { startOnce } from './start-once.ts';
import { templateDatabase } from './template-database.ts';
import { temporaryFolder } from '../temporary-folder.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server that most tests use; databases are made from its template. */
    postgres: PostgresSettings;
    /** Debian's older server, where this machine has one. */
    olderPostgres: PostgresSettings | null;
  }
}

interface Servers {
  readonly postgres: PostgresSettings;
  readonly older: PostgresSettings | null;
}

/** One PostgreSQL and one older PostgreSQL for the whole run, stopped at its end. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { value, stop } = await startOnce('postgres', start);
  project.provide('postgres', value.postgres);
  project.provide('olderPostgres', value.older);
  return stop;
}

async function start(): Promise<{ value: Servers; stop: () => Promise<void> }> {
  const folder = temporaryFolder();
  const home = new Home(folder);
  await startStack(home, { postgres: true, temporal: false }, readEnvironment({}), announce);
  let older: OtherPostgres | null = null;
  const stop = async () => {
    older?.stop();
    await stopStack(home);
    rmSync(folder, { recursive: true, force: true });
  };
  const postgres = embeddedPostgresSettings(home);
  try {
    older = await startDebianPostgres(join(folder, 'older'));
    for (const server of [postgres, older?.settings]) if (server) await makeTemplate(server);
  } catch (error) {
    await stop();
    throw error;
  }
  return { value: { postgres, older: older?.settings ?? null }, stop };
}

function announce(message: string): void {
  process.stderr.write(`${message}\n`);
}

async function makeTemplate(server: PostgresSettings): Promise<void> {
  const client = new Client({ ...server, database: 'postgres' });
  await client.connect();
  await client.query(`create database ${templateDatabase}`);
  await client.end();
  await migrate({ ...server, database: templateDatabase });
}
