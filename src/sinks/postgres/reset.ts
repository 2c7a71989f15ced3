import { Client, escapeIdentifier } from 'pg';
import type { PostgresSettings } from '../../config/environment.ts';
import { partitionName } from '../../domain/day.ts';
import { clientConfig, postgresFailure } from './connection.ts';
import { listPartitions } from './partitions.ts';

/** Partitions dropped in one transaction: each takes locks, and a server has only so many. */
const dropAtOnce = 50;

export interface ResetResult {
  readonly dropped: number;
}

/**
 * Empties Daybook's tables.
 * @param drop whether the partitions go, too
 */
export async function resetDatabase(settings: PostgresSettings, drop: boolean): Promise<ResetResult> {
  const schema = escapeIdentifier(settings.schema);
  const client = new Client({
    ...clientConfig(settings),
    query_timeout: 0,
    options: '-c TimeZone=UTC -c lock_timeout=30s',
  });
  client.on('error', () => {});
  try {
    await client.connect();
    const consumer = await client.query<{ found: boolean }>('select to_regclass($1::text) is not null as found', [
      `${schema}.sentiment_scores`,
    ]);
    const scores = consumer.rows[0]?.found ? [`${schema}.sentiment_scores`] : [];
    const tables = [
      ...scores,
      ...['raw_event_keys', 'raw_events', 'raw_event_batches', 'raw_event_floor'].map((name) => `${schema}.${name}`),
    ];
    await client.query(`truncate ${tables.join(', ')}; insert into ${schema}.raw_event_floor default values`);
    const days = drop ? await listPartitions(client, settings.schema) : [];
    for (let start = 0; start < days.length; start += dropAtOnce) {
      // Detached first: a table that refers to raw_events refers to each of its partitions.
      const statements = days.slice(start, start + dropAtOnce).flatMap((day) => {
        const partition = `${schema}.${partitionName(day)}`;
        return [`alter table ${schema}.raw_events detach partition ${partition}`, `drop table ${partition}`];
      });
      await client.query(statements.join('; '));
    }
    return { dropped: days.length };
  } catch (error) {
    throw postgresFailure(error, `${settings.database} could not be reset`);
  } finally {
    await client.end().catch(() => undefined);
  }
}
