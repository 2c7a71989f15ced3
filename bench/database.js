// A fresh database for each measurement, with the partitions that the data needs.
import { Client, Pool } from 'pg';
import { migrate } from '../dist/sinks/postgres/commands/migrate.js';
import { createPartitions } from '../dist/sinks/postgres/days/partitions.js';
import { clientConfig } from '../dist/sinks/postgres/connection/client.js';

let made = 0;

/** Makes a migrated, empty database whose partitions are there. */
export async function freshDatabase(server, days) {
  const name = `bench_${process.pid}_${made++}`;
  await administrate(server, `create database ${name}`);
  const settings = { ...server, database: name };
  await migrate(settings);
  const pool = new Pool({ ...clientConfig(settings), max: 1 });
  await createPartitions(pool, 'public').ensure(days);
  await pool.query('checkpoint');
  await pool.end();
  return settings;
}

export async function dropDatabase(server, { database }) {
  await administrate(server, `drop database ${database} with (force)`);
}

/** Seconds for the work that GIN's pending lists postpone, and the rows stored. */
export async function settle(settings) {
  const client = new Client({ ...clientConfig(settings), query_timeout: 0 });
  await client.connect();
  await client.query('set statement_timeout = 0');
  const startedAt = performance.now();
  await client.query(
    `select gin_clean_pending_list(indexrelid) from pg_index join pg_class on pg_class.oid = indexrelid
     join pg_am on pg_am.oid = relam where amname = 'gin' and relkind = 'i'`,
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const { rows } = await client.query('select count(*)::int as rows from raw_events');
  await client.end();
  return { seconds, rows: rows[0].rows };
}

export function dsn({ host, port, database, user, password }) {
  return `host=${host} port=${port} dbname=${database} user=${user} password=${password}`;
}

async function administrate(server, text) {
  const client = new Client({ ...server, database: 'postgres' });
  await client.connect();
  await client.query(text);
  await client.end();
}
