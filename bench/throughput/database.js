// A fresh database for each measurement, with the partitions that the data needs.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { settingsInEnvironment } from './environment.js';

let made = 0;

/**
 * Makes an empty database with the tables of a revision, and partitions for the days.
 * @param index when payloads are indexed; without it at once
 */
export async function freshDatabase(server, { root, days, index, place }) {
  const name = `bench_${process.pid}_${made++}`;
  await administrate(server, `create database ${name}`);
  const settings = { ...server, database: name };
  const env = settingsInEnvironment(settings);
  await promisify(execFile)(process.execPath, [join(root, 'daybook'), 'migrate'], { cwd: place, env });
  await withClient(settings, async (client) => {
    for (const day of days) await client.query('select ensure_partition($1::date)', [day]);
    if (index) await client.query('drop index raw_events_payload_idx');
    await client.query('checkpoint');
  });
  return settings;
}

export async function dropDatabase(server, { database }) {
  await administrate(server, `drop database ${database} with (force)`);
}

/** Seconds for indexing that was postponed: pending lists of GIN, or the indexes of past days. And the rows stored. */
export async function settle(settings, { index, table = 'raw_events' }) {
  return withClient(settings, async (client) => {
    await client.query('set statement_timeout = 0');
    const startedAt = performance.now();
    if (index === 'sealed') await indexDays(client);
    await client.query(
      `select gin_clean_pending_list(indexrelid) from pg_index join pg_class on pg_class.oid = indexrelid
       join pg_am on pg_am.oid = relam where amname = 'gin' and relkind = 'i'`,
    );
    const seconds = (performance.now() - startedAt) / 1000;
    const { rows } = await client.query(`select count(*)::int as rows from ${table}`);
    return { seconds, rows: rows[0].rows };
  });
}

/** As the rollover does it: each day's index, while rows may be written. */
async function indexDays(client) {
  const { rows } = await client.query(
    `select inhrelid::regclass::text as partition from pg_inherits where inhparent = 'raw_events'::regclass`,
  );
  for (const { partition } of rows) {
    await client.query(`create index concurrently on ${partition} using gin (payload jsonb_path_ops)`);
  }
}

export function dsn({ host, port, database, user, password }) {
  return `host=${host} port=${port} dbname=${database} user=${user} password=${password}`;
}

async function administrate(server, text) {
  await withClient({ ...server, database: 'postgres' }, (client) => client.query(text));
}

async function withClient({ host, port, database, user, password }, use) {
  const client = new Client({ host, port, database, user, password });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
