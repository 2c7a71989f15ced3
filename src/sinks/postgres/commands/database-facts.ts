import { escapeIdentifier, type Client } from 'pg';
import { addDays, type Day } from '../../../domain/time/day.ts';
import { longTransactions, type LongTransaction } from '../connection/long-transactions.ts';
import { coveredDays, listPartitions } from '../days/partitions.ts';
import { isMigrated } from './migrate.ts';

/** Facts of a database. */
export interface DatabaseFacts {
  readonly version: string | null;
  readonly longTransactions: readonly LongTransaction[];
  /** Null if it is not migrated. */
  readonly partitions: PartitionFacts | null;
}

interface PartitionFacts {
  /** Days ahead of today that have a partition, without a gap. */
  readonly ahead: number;
  readonly oldest: Day | null;
}

/** Transactions that have locked raw_events for at least this long are reported. */
const longSeconds = 60;
/** A partition may have no end. */
const mostAhead = 366;

/** Facts of a database, migrated or not. */
export async function databaseFacts(client: Client, schema: string, today: Day): Promise<DatabaseFacts> {
  const { rows } = await client.query<{ server_version: string }>('show server_version');
  const version = rows[0]?.server_version ?? null;
  if (!(await isMigrated(client, schema))) return { version, longTransactions: [], partitions: null };
  const long = await longTransactions(client, tableOf(schema), longSeconds);
  const [oldest = null] = await listPartitions(client, schema);
  const ahead = await daysAhead(client, schema, today);
  return { version, longTransactions: long, partitions: { ahead, oldest } };
}

/** Counts the rows of a day by source. The time grows with the number of rows. */
export async function rowsOfDay(client: Client, schema: string, day: Day): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<{ source: string; count: string }>(
    `select source, count(*) from ${tableOf(schema)}
     where occurred_at >= $1::timestamptz and occurred_at < $2::timestamptz group by 1`,
    [`${day}T00:00:00Z`, `${addDays(day, 1)}T00:00:00Z`],
  );
  return new Map(rows.map(({ source, count }) => [source, Number(count)]));
}

async function daysAhead(client: Client, schema: string, today: Day): Promise<number> {
  const days = Array.from({ length: mostAhead }, (_, ahead) => addDays(today, ahead + 1));
  const covered = await coveredDays(client, schema, days);
  const missing = days.findIndex((day) => !covered.has(day));
  return missing === -1 ? mostAhead : missing;
}

function tableOf(schema: string): string {
  return `${escapeIdentifier(schema)}.raw_events`;
}
