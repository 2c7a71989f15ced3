import { escapeIdentifier, type Pool } from 'pg';
import { dayNumber, dayOfDate, dayOfPartition, missingDays, type Day } from '../../../domain/time/day.ts';
import { DaybookError, SinkMisconfigured } from '../../../domain/errors.ts';
import { withConnection } from '../connection/connection.ts';
import { postgresFailure, toPostgresError } from '../connection/postgres-failure.ts';
import { actionFor, isPartitionRace, type PostgresError } from '../connection/sql-state.ts';

/** A day that cannot have a partition without manual work; other days can. */
export class BlockedDay extends SinkMisconfigured {}

/** Attempts for a partition that others create at the same moment. */
const raceTries = 3;

/** What happened to the requested days. */
export interface EnsuredDays {
  /** Those whose partition was made now. */
  readonly made: readonly Day[];
  /** Those that are retired, and have none. */
  readonly retired: ReadonlySet<Day>;
  /** Those that cannot have one without manual work. The others are not blocked. */
  readonly blocked: ReadonlyMap<Day, BlockedDay>;
}

/** Makes partitions, and remembers which days have one. */
export interface Partitions {
  /**
   * Makes sure that each day has its partition. Not to be called inside a transaction that holds key locks.
   * @throws SinkUnavailable, SinkMisconfigured if trying the other days is useless
   */
  ensure(days: Iterable<Day>): Promise<EnsuredDays>;
  /** Forgets what is known about days: a partition was unexpectedly missing. */
  forget(days: Iterable<Day>): void;
}

type Outcome = 'made' | 'there' | 'retired';

export function createPartitions(pool: Pool, schema: string): Partitions {
  const known = new Map<Day, Promise<Outcome>>();
  const statement = `select ${escapeIdentifier(schema)}.ensure_partition($1::date) as made`;

  function ensureDay(day: Day): Promise<Outcome> {
    const asked = known.get(day);
    if (asked) return asked;
    const asking = makePartition(day);
    known.set(day, asking);
    void asking.then(
      (outcome) => outcome !== 'retired' || known.delete(day),
      () => known.delete(day),
    );
    return asking;
  }

  async function makePartition(day: Day): Promise<Outcome> {
    for (let tries = 1; ; tries++) {
      try {
        const { rows } = await withConnection(pool, (client) => client.query<{ made: boolean }>(statement, [day]));
        return rows[0]?.made === true ? 'made' : 'there';
      } catch (error) {
        if (error instanceof DaybookError) throw error;
        const failure = toPostgresError(error);
        if (actionFor(failure) === 'expired') return 'retired';
        // Someone else has just created it: check again.
        if (isPartitionRace(failure) && tries < raceTries) continue;
        if (isForbidden(failure)) throw forbidden(day, failure, error);
        const translated = postgresFailure(error, `partition of ${day} could not be created`);
        throw failure.code === 'DB003' ? new BlockedDay(translated.message, { cause: error }) : translated;
      }
    }
  }

  return {
    async ensure(days) {
      const made: Day[] = [];
      const retired = new Set<Day>();
      const blocked = new Map<Day, BlockedDay>();
      for (const day of new Set(days)) {
        try {
          const outcome = await ensureDay(day);
          if (outcome === 'made') made.push(day);
          if (outcome === 'retired') retired.add(day);
        } catch (error) {
          if (!(error instanceof BlockedDay)) throw error;
          blocked.set(day, error);
        }
      }
      return { made, retired, blocked };
    },
    forget(days) {
      for (const day of days) known.delete(day);
    },
  };
}

/** Whether the database's own rules forbid it, such as an event trigger: `ensure_partition` handles no row. */
function isForbidden(error: PostgresError): boolean {
  const action = actionFor(error);
  return action === 'bisect' || action === 'suspect';
}

function forbidden(day: Day, { code = '', message }: PostgresError, cause: unknown): BlockedDay {
  return new BlockedDay(
    `postgres: partition of ${day} could not be created: ${message} (${code}); if an event trigger forbids it, exempt the function ensure_partition, or create the partition by hand`,
    { cause },
  );
}

/** The days, all of which have a partition or are retired. @throws BlockedDay if one cannot have any */
export async function requirePartitions(pool: Pool, schema: string, days: Iterable<Day>): Promise<EnsuredDays> {
  const ensured = await createPartitions(pool, schema).ensure(days);
  for (const problem of ensured.blocked.values()) throw problem;
  return ensured;
}

/** Makes the partitions of today and the days ahead that are missing; returns their days. */
export async function ensureAhead(pool: Pool, schema: string, premake: number, now: Date): Promise<readonly Day[]> {
  const missing = await missingAhead(pool, schema, premake, now).catch((error: unknown) => {
    throw postgresFailure(error, 'partitions could not be listed');
  });
  return (await requirePartitions(pool, schema, missing)).made;
}

/** The days from today to `premake` days ahead that no partition covers. */
export async function missingAhead(
  client: Pick<Pool, 'query'>,
  schema: string,
  premake: number,
  now: Date,
): Promise<Day[]> {
  const today = dayOfDate(now);
  return missingDays(await coveredDays(client, schema, missingDays(new Set(), today, premake)), today, premake);
}

/** The days that partitions cover, no matter who created them, with which names and bounds. */
export async function coveredDays(
  client: Pick<Pool, 'query'>,
  schema: string,
  days: Iterable<Day>,
): Promise<ReadonlySet<Day>> {
  // As texts, so that infinite bounds read alike in all versions.
  const { rows } = await client.query<{ from: string; to: string }>(
    `select extract(epoch from from_time)::text as from, extract(epoch from to_time)::text as to
     from ${escapeIdentifier(schema)}.raw_event_ranges()`,
  );
  const ranges = rows.map(({ from, to }) => ({ from: Number(from), to: Number(to) }));
  return new Set([...days].filter((day) => isCovered(dayNumber(day) * daySeconds, ranges)));
}

const daySeconds = 86_400;

/** Partitions never overlap: the whole day is there if their parts of it make a day. */
function isCovered(start: number, ranges: readonly { readonly from: number; readonly to: number }[]): boolean {
  const end = start + daySeconds;
  const parts = ranges.map(({ from, to }) => Math.max(0, Math.min(to, end) - Math.max(from, start)));
  return parts.reduce((sum, part) => sum + part, 0) > daySeconds - 1e-4;
}

/** The days that have a partition of their own, in order. */
export async function listPartitions(client: Pick<Pool, 'query'>, schema: string): Promise<Day[]> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
     where inhparent = to_regclass($1::text)`,
    [`${escapeIdentifier(schema)}.raw_events`],
  );
  return rows.flatMap(({ name }) => dayOfPartition(name) ?? []).sort();
}

export interface PartitionFacts {
  /** Null if its name is not that of a day: it was made by hand. */
  readonly day: Day | null;
  readonly partition: string;
  /** The times that it covers, the last one excluded. ISO 8601; null = there is no bound, or it is being detached. */
  readonly from: string | null;
  readonly to: string | null;
  /** The server's estimate; null if it has none yet. */
  readonly rows: number | null;
  /** With indexes. */
  readonly bytes: number;
}

/** What the server knows of each partition, also of those made by hand, in order of times. Not of the DEFAULT one. */
export async function describePartitions(client: Pick<Pool, 'query'>, schema: string): Promise<PartitionFacts[]> {
  // Without raw_event_ranges(), which a database that is not migrated does not have.
  const { rows } = await client.query<Record<'name' | 'rows' | 'bytes', string> & Record<'from' | 'to', string | null>>(
    `select name, rows, bytes, extract(epoch from nullif(bounds[1], 'MINVALUE')::timestamptz)::text as from,
       extract(epoch from nullif(bounds[2], 'MAXVALUE')::timestamptz)::text as to
     from (
       select relname as name, reltuples::bigint as rows, pg_total_relation_size(pg_class.oid) as bytes,
         regexp_match(replace(pg_get_expr(relpartbound, pg_class.oid), '''', ''), 'FROM \\((.*)\\) TO \\((.*)\\)') as bounds
       from pg_inherits join pg_class on pg_class.oid = inhrelid
       where inhparent = to_regclass($1::text)
     ) found
     where bounds is not null or name ~ '^raw_events_\\d{4}_\\d{2}_\\d{2}$'`,
    [`${escapeIdentifier(schema)}.raw_events`],
  );
  const partitions = rows.map(({ name, from, to, rows: estimate, bytes }) => ({
    day: dayOfPartition(name),
    partition: name,
    from: timeOf(from),
    to: timeOf(to),
    // Before its first analyze a table has -1 (0 up to PostgreSQL 13).
    rows: Number(estimate) > 0 ? Number(estimate) : null,
    bytes: Number(bytes),
  }));
  const start = ({ day, from }: PartitionFacts) => from ?? day ?? '';
  return partitions.sort((a, b) => (start(a) < start(b) ? -1 : 1));
}

function timeOf(epochSeconds: string | null): string | null {
  const ms = Number(epochSeconds ?? NaN) * 1_000;
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null;
}
