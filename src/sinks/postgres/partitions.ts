import { escapeIdentifier, type Pool } from 'pg';
import { dayOfDate, dayOfPartition, missingDays, type Day } from '../../domain/day.ts';
import { DaybookError } from '../../domain/errors.ts';
import { withConnection } from './connection.ts';
import { postgresFailure, toPostgresError } from './postgres-failure.ts';
import { actionFor, isPartitionRace } from './sql-state.ts';

/** Looks at a partition that others make at the same moment. */
const raceTries = 3;

/** Makes partitions, and remembers which days have one. */
export interface Partitions {
  /**
   * Makes sure that each day has its partition. Not to be called inside a transaction that holds key locks.
   * @returns the days that are retired and have none
   * @throws SinkUnavailable, SinkMisconfigured
   */
  ensure(days: Iterable<Day>): Promise<ReadonlySet<Day>>;
  /** Forgets what is known of days: a partition was not where it was thought to be. */
  forget(days: Iterable<Day>): void;
}

export function createPartitions(pool: Pool, schema: string): Partitions {
  const known = new Map<Day, Promise<boolean>>();
  const statement = `select ${escapeIdentifier(schema)}.ensure_partition($1::date)`;

  /** Resolves to false for a retired day. */
  function ensureDay(day: Day): Promise<boolean> {
    const asked = known.get(day);
    if (asked) return asked;
    const asking = makePartition(day);
    known.set(day, asking);
    void asking.then(
      (exists) => exists || known.delete(day),
      () => known.delete(day),
    );
    return asking;
  }

  async function makePartition(day: Day): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      try {
        await withConnection(pool, (client) => client.query(statement, [day]));
        return true;
      } catch (error) {
        if (error instanceof DaybookError) throw error;
        const failure = toPostgresError(error);
        if (actionFor(failure) === 'expired') return false;
        // Someone else made it just now: look again.
        if (isPartitionRace(failure) && tries < raceTries) continue;
        throw postgresFailure(error, `partition of ${day} could not be made`);
      }
    }
  }

  return {
    async ensure(days) {
      const retired = new Set<Day>();
      for (const day of new Set(days)) if (!(await ensureDay(day))) retired.add(day);
      return retired;
    },
    forget(days) {
      for (const day of days) known.delete(day);
    },
  };
}

/** Makes the partitions of today and the days ahead that are missing; returns their days. */
export async function ensureAhead(pool: Pool, schema: string, premake: number, now: Date): Promise<Day[]> {
  const existing = await listPartitions(pool, schema).catch((error: unknown) => {
    throw postgresFailure(error, 'partitions could not be listed');
  });
  const missing = missingDays(new Set(existing), dayOfDate(now), premake);
  await createPartitions(pool, schema).ensure(missing);
  return missing;
}

/** The days that have a partition, in order. */
export async function listPartitions(client: Pick<Pool, 'query'>, schema: string): Promise<Day[]> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
     where inhparent = to_regclass($1::text)`,
    [`${escapeIdentifier(schema)}.raw_events`],
  );
  return rows.flatMap(({ name }) => dayOfPartition(name) ?? []).sort();
}

export interface PartitionFacts {
  readonly day: Day;
  readonly partition: string;
  /** The server's estimate; null where it has none yet. */
  readonly rows: number | null;
  /** With indexes. */
  readonly bytes: number;
}

/** What the server knows of each partition, in order of days. */
export async function describePartitions(client: Pick<Pool, 'query'>, schema: string): Promise<PartitionFacts[]> {
  const { rows } = await client.query<{ name: string; rows: string; bytes: string }>(
    `select relname as name, reltuples::bigint as rows, pg_total_relation_size(pg_class.oid) as bytes
     from pg_inherits join pg_class on pg_class.oid = inhrelid
     where inhparent = to_regclass($1::text) order by relname`,
    [`${escapeIdentifier(schema)}.raw_events`],
  );
  return rows.flatMap(({ name, rows: estimate, bytes }) => {
    const day = dayOfPartition(name);
    // Before its first analyze a table has -1 (0 up to PostgreSQL 13).
    return day === null
      ? []
      : [{ day, partition: name, rows: Number(estimate) > 0 ? Number(estimate) : null, bytes: Number(bytes) }];
  });
}
