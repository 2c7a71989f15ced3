import { addDays, dayOfMicros, partitionName, type Day } from '../../../domain/time/day.ts';
import { parseWindow } from '../../../domain/time/time-range.ts';
import { withClient } from '../../../sinks/postgres/connection/client.ts';
import { createPool } from '../../../sinks/postgres/connection/connection.ts';
import {
  describePartitions,
  ensureAhead,
  requirePartitions,
  type PartitionFacts,
} from '../../../sinks/postgres/days/partitions.ts';
import { postgresFailure } from '../../../sinks/postgres/connection/postgres-failure.ts';
import { createContext, requireOwner, requirePostgres, type CommonOptions } from '../../options/context.ts';
import { loadConfig } from '../../options/load-config.ts';
import { parseDay } from '../../options/day-option.ts';
import { formatTable, print, printJson, printLines, printInfo } from '../../output/output.ts';
import { UsageError } from '../../../domain/errors.ts';

/** `daybook partitions list`: the days that have a partition, and partitions made by hand. */
export async function listPartitionsCommand(options: CommonOptions & { json?: boolean }): Promise<void> {
  const settings = requirePostgres(createContext(options));
  const partitions = await withClient(settings, (client) => describePartitions(client, settings.schema)).catch(
    (error: unknown) => {
      throw postgresFailure(error, 'partitions could not be listed');
    },
  );
  if (options.json) return partitions.forEach(printJson);
  if (partitions.length === 0)
    return printInfo('no partitions yet; they are created as records arrive, and by ./daybook partitions ensure');
  const rows = partitions.map(({ partition, rows: count, bytes, ...times }) => [
    timesOf(times),
    partition,
    count === null ? '?' : String(count),
    String(bytes),
  ]);
  printLines(formatTable(['day', 'partition', 'rows (estimate)', 'bytes'], rows));
}

/** The day of a partition, or its bounds if it does not cover exactly one day. */
export function timesOf({ day, from, to }: Pick<PartitionFacts, 'day' | 'from' | 'to'>): string {
  if (day !== null && (from === null || isDay(day, from, to))) return day;
  return `${briefly(from)} to ${briefly(to)}`;
}

function isDay(day: Day, from: string, to: string | null): boolean {
  return from === `${day}T00:00:00.000Z` && to === `${addDays(day, 1)}T00:00:00.000Z`;
}

function briefly(time: string | null): string {
  return time?.replace('T00:00:00.000Z', '') ?? '…';
}

export interface EnsureOptions extends CommonOptions {
  readonly day?: string;
  readonly from?: string;
  readonly to?: string;
}

/** `daybook partitions ensure`: creates the partitions of the coming days, or of the given days. */
export async function ensurePartitionsCommand(options: EnsureOptions): Promise<void> {
  const named = namedDays(options);
  const context = createContext(options);
  const premake = named ? 0 : loadConfig(context).partitions.premake;
  const settings = requireOwner(context);
  const pool = createPool(settings, { maxConnections: 1 });
  try {
    if (!named) return printMade(await ensureAhead(pool, settings.schema, premake, new Date()), new Set());
    const { made, retired } = await requirePartitions(pool, settings.schema, named);
    printMade(made, retired);
  } finally {
    await pool.end();
  }
}

function printMade(days: readonly Day[], retired: ReadonlySet<Day>): void {
  for (const day of days) print(`made ${partitionName(day)}`);
  for (const day of retired) print(`${day} is retired; no partition was created`);
  if (days.length === 0 && retired.size === 0) print('all partitions exist');
}

/** The days given by `--day`, or by `--from` and `--to`; null if none is given. */
function namedDays({ day, from, to }: EnsureOptions): Day[] | null {
  if (day !== undefined) return [parseDay(day)];
  if (from === undefined && to === undefined) return null;
  if (from === undefined || to === undefined) throw new UsageError('--from and --to must be given together');
  const parsed = parseWindow(from, to);
  if (!parsed.ok) throw new UsageError(parsed.why);
  const last = dayOfMicros(parsed.window.to - 1n);
  const days: Day[] = [];
  for (let next = dayOfMicros(parsed.window.from); next <= last; next = addDays(next, 1)) days.push(next);
  return days;
}
