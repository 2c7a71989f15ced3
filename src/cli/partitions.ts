import { addDays, dayOfMicros, partitionName, type Day } from '../domain/day.ts';
import { parseWindow } from '../domain/window.ts';
import { withClient } from '../sinks/postgres/client.ts';
import { createPool } from '../sinks/postgres/connection.ts';
import { createPartitions, describePartitions, ensureAhead, listPartitions } from '../sinks/postgres/partitions.ts';
import { postgresFailure } from '../sinks/postgres/postgres-failure.ts';
import { createContext, loadConfig, requireOwner, requirePostgres, type CommonOptions } from './context.ts';
import { parseDay } from './day-option.ts';
import { formatTable, print, printJson, say } from './output.ts';
import { UsageError } from './usage-error.ts';

/** `daybook partitions list`: the days that have a partition. */
export async function listPartitionsCommand(options: CommonOptions & { json?: boolean }): Promise<void> {
  const settings = requirePostgres(createContext(options));
  const partitions = await withClient(settings, (client) => describePartitions(client, settings.schema)).catch(
    (error: unknown) => {
      throw postgresFailure(error, 'partitions could not be listed');
    },
  );
  if (options.json) return partitions.forEach(printJson);
  if (partitions.length === 0)
    return say('no partitions yet; they are made as records come, and by ./daybook partitions ensure');
  const rows = partitions.map(({ day, partition, rows: count, bytes }) => [
    day,
    partition,
    count === null ? '?' : String(count),
    String(bytes),
  ]);
  print(formatTable(['day', 'partition', 'rows (estimate)', 'bytes'], rows));
}

export interface EnsureOptions extends CommonOptions {
  readonly day?: string;
  readonly from?: string;
  readonly to?: string;
}

/** `daybook partitions ensure`: makes the partitions of the coming days, or of the days named. */
export async function ensurePartitionsCommand(options: EnsureOptions): Promise<void> {
  const named = namedDays(options);
  const context = createContext(options);
  const premake = named ? 0 : loadConfig(context).partitions.premake;
  const settings = requireOwner(context);
  const pool = createPool(settings, { maxConnections: 1 });
  try {
    if (!named) return printMade(await ensureAhead(pool, settings.schema, premake, new Date()), new Set());
    const existing = new Set(await listPartitions(pool, settings.schema));
    const missing = named.filter((day) => !existing.has(day));
    printMade(missing, await createPartitions(pool, settings.schema).ensure(missing));
  } finally {
    await pool.end();
  }
}

function printMade(days: readonly Day[], retired: ReadonlySet<Day>): void {
  for (const day of days)
    print(retired.has(day) ? `${day} is retired, it gets no partition` : `made ${partitionName(day)}`);
  if (days.length === 0) print('all partitions are there');
}

/** The days that `--day`, or `--from` and `--to`, name; null where none does. */
function namedDays({ day, from, to }: EnsureOptions): Day[] | null {
  if (day !== undefined) return [parseDay(day)];
  if (from === undefined && to === undefined) return null;
  if (from === undefined || to === undefined) throw new UsageError('found one of --from and --to, expected both');
  const parsed = parseWindow(from, to);
  if (!parsed.ok) throw new UsageError(parsed.why);
  const last = dayOfMicros(parsed.window.to - 1n);
  const days: Day[] = [];
  for (let next = dayOfMicros(parsed.window.from); next <= last; next = addDays(next, 1)) days.push(next);
  return days;
}
