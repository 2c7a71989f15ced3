import { escapeIdentifier, type Client } from 'pg';
import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import { dayOfPartition, partitionName, type Day } from '../../../domain/time/day.ts';
import { withClient } from '../connection/client.ts';
import { listDayTables, readDayStates } from '../days/day-tables.ts';
import { withOwner, withOwnSession } from '../days/maintenance-session.ts';
import { listPartitions } from '../days/partitions.ts';
import { postgresFailure } from '../connection/postgres-failure.ts';
import { allRemovals, countRemoval } from '../writer/removals.ts';

/** Maximum number of partitions that one transaction empties or drops: each takes locks, and a server has only so many. */
const partitionsPerTransaction = 50;

export interface ResetResult {
  readonly dropped: number;
}

/**
 * Empties Daybook's tables. The ledger is locked throughout, so that no writer stores beside it, and emptied at the end also where
 * something failed on the way: a key without its row would hide a record forever. The tokens stay: a writer's statement sent before
 * that arrives late stores nothing, see `removals.ts`.
 * @param drop whether the partitions go, too
 */
export async function resetDatabase(settings: PostgresSettings, drop: boolean): Promise<ResetResult> {
  const schema = escapeIdentifier(settings.schema);
  try {
    return await withOwnSession(settings, async (holder) => {
      await holder.query(`set timezone = 'UTC'; set lock_timeout = '30s'`);
      // A table that refers to ours can only be emptied together with them.
      const consumers = await existing(holder, [`${schema}.sentiment_scores`]);
      const days = await listPartitions(holder, settings.schema);
      const others = await partitionsByHand(holder, `${schema}.raw_events`);
      await holder.query(`begin; lock table ${schema}.raw_event_keys in exclusive mode`);
      try {
        await withClient(settings, (client) => emptyPartitions(client, schema, { days, others }, consumers, drop));
        await dropRetiring(settings);
      } finally {
        const tables = ['raw_event_keys', 'raw_event_floor', 'raw_event_days'].map((name) => `${schema}.${name}`);
        await holder.query(countRemoval(`${schema}.raw_event_batches`), [allRemovals]);
        await holder.query(
          `truncate ${[...consumers, ...tables].join(', ')}; insert into ${schema}.raw_event_floor default values; commit`,
        );
      }
      return { dropped: drop ? days.length : 0 };
    });
  } catch (error) {
    throw postgresFailure(error, `${settings.database} could not be reset; run it again`);
  }
}

async function emptyPartitions(
  client: Client,
  schema: string,
  { days, others }: { readonly days: readonly Day[]; readonly others: readonly string[] },
  consumers: readonly string[],
  drop: boolean,
): Promise<void> {
  await client.query(`set timezone = 'UTC'; set lock_timeout = '30s'`);
  for (let start = 0; start < others.length; start += partitionsPerTransaction) {
    await client.query(
      `truncate ${[...consumers, ...others.slice(start, start + partitionsPerTransaction)].join(', ')}`,
    );
  }
  for (let start = 0; start < days.length; start += partitionsPerTransaction) {
    const partitions = days
      .slice(start, start + partitionsPerTransaction)
      .map((day) => `${schema}.${partitionName(day)}`);
    // Detached first: a table that refers to raw_events refers to each of its partitions.
    const drops = partitions.flatMap((name) => [
      `alter table ${schema}.raw_events detach partition ${name}`,
      `drop table ${name}`,
    ]);
    const statements = [`truncate ${[...consumers, ...partitions].join(', ')}`, ...(drop ? drops : [])];
    await client.query(statements.join('; '));
  }
}

/** A detached table on its way to retirement would block its day's next partition. */
async function dropRetiring(settings: PostgresSettings): Promise<void> {
  await withOwner(settings, async (session) => {
    const states = await readDayStates(session);
    for (const { day, status } of await listDayTables(session)) {
      if (status === 'detached' && states.has(day)) await session.client.query(`drop table ${session.partition(day)}`);
    }
  });
}

/** Escaped names of partitions that do not cover a single day: they were made by hand. They are emptied, and stay. */
async function partitionsByHand(client: Client, table: string): Promise<string[]> {
  const { rows } = await client.query<{ schema: string; name: string }>(
    `select n.nspname as schema, c.relname as name
     from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_namespace n on n.oid = c.relnamespace
     where i.inhparent = $1::regclass`,
    [table],
  );
  return rows.flatMap(({ schema, name }) =>
    dayOfPartition(name) === null ? [`${escapeIdentifier(schema)}.${escapeIdentifier(name)}`] : [],
  );
}

async function existing(client: Client, names: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    'select name from unnest($1::text[]) as name where to_regclass(name) is not null',
    [names],
  );
  return rows.map(({ name }) => name);
}
