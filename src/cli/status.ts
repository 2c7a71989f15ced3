import type { Config } from '../config/parse-config.ts';
import type { SourceConfig } from '../config/source-schemas.ts';
import type { Alert } from '../domain/alert.ts';
import { dayOfDate, type Day } from '../domain/day.ts';
import { healthOf, type Health, type HealthFacts } from '../domain/health.ts';
import type { FailedReceipt, Receipt } from '../domain/receipt.ts';
import type { BlobStore } from '../store/blob-store.ts';
import { readDeferred, waitingDeliveries } from '../store/deferred.ts';
import { openAlerts } from '../store/alerts.ts';
import { readLastReceipt } from '../store/receipts.ts';
import { readState } from '../store/states.ts';
import { createContext, loadConfig, openStore, type CommonOptions, type Context } from './context.ts';
import { formatTable, print, printJson, shorten } from './output.ts';
import { readDatabaseStatus, type DatabaseStatus } from './status-postgres.ts';
import { readScheduleStatus, type ScheduleStatus, type ServerStatus } from './status-temporal.ts';

interface SourceStatus {
  readonly name: string;
  readonly health: Health;
  readonly reason: string | null;
  readonly since: string | null;
  readonly lastReceipt: Receipt | FailedReceipt | null;
  readonly nextRunAt: string | null;
  readonly watermark: string | null;
  readonly recordsToday: number | null;
  readonly paused: ScheduleStatus['paused'];
  /** Batches that wait for a sink. */
  readonly deferred: number;
}

export interface Status {
  readonly sources: readonly SourceStatus[];
  readonly partitions: { readonly ahead: number; readonly oldest: Day | null } | null;
  readonly alerts: readonly Alert[];
  readonly postgres: DatabaseStatus['server'];
  readonly temporal: ServerStatus;
}

/** `daybook status`: whether data flows. With `--check`, exit code 1 while an alert is open. */
export async function statusCommand(options: CommonOptions & { json?: boolean; check?: boolean }): Promise<void> {
  const context = createContext(options);
  const status = await readStatus(context, loadConfig(context));
  if (options.json) printJson(status);
  else printStatus(status);
  if (options.check && status.alerts.length > 0) process.exitCode = 1;
}

async function readStatus(context: Context, config: Config): Promise<Status> {
  const now = new Date();
  const names = config.sources.map((source) => source.name);
  const [database, schedules] = await Promise.all([
    readDatabaseStatus(context, dayOfDate(now)),
    readScheduleStatus(context, names),
  ]);
  const waiting = await readWaiting(openStore(context));
  const sources: SourceStatus[] = [];
  for (const source of config.sources) {
    const schedule = schedules.sources.get(source.name) ?? { paused: null, nextRunAt: null };
    const recordsToday = database.recordsToday ? (database.recordsToday.get(source.name) ?? 0) : null;
    sources.push(
      await sourceStatus(context, source, schedule, { recordsToday, waiting: waiting.get(source.name) ?? null }, now),
    );
  }
  return {
    sources,
    partitions: database.partitions,
    alerts: await openAlerts(openStore(context)),
    postgres: database.server,
    temporal: schedules.server,
  };
}

async function sourceStatus(
  context: Context,
  source: SourceConfig,
  { paused, nextRunAt }: ScheduleStatus,
  { recordsToday, waiting }: { readonly recordsToday: number | null; readonly waiting: HealthFacts['waiting'] },
  now: Date,
): Promise<SourceStatus> {
  const store = openStore(context);
  const lastReceipt = await readLastReceipt(store, source.name, now);
  const { state } = await readState(store, source.name);
  const everyMs = source.schedule?.every ?? null;
  return {
    name: source.name,
    ...healthOf({ lastReceipt, waiting, paused, everyMs, now }),
    lastReceipt,
    nextRunAt,
    watermark: state?.watermark ?? null,
    recordsToday,
    paused,
    deferred: waiting?.batches ?? 0,
  };
}

/** What waits for the sinks, by source: how much, since when, and why. */
async function readWaiting(store: BlobStore): Promise<ReadonlyMap<string, NonNullable<HealthFacts['waiting']>>> {
  const found = new Map<string, NonNullable<HealthFacts['waiting']>>();
  for (const { sink, source, paths } of await waitingDeliveries(store)) {
    const oldest = paths[0] === undefined ? null : await readDeferred(store, paths[0]);
    if (!oldest) continue;
    const before = found.get(source);
    const reason = `${sink}: ${oldest.reason}`;
    found.set(source, {
      batches: paths.length + (before?.batches ?? 0),
      since: before && before.since < oldest.since ? before.since : oldest.since,
      reason: before ? `${before.reason}; ${reason}` : reason,
    });
  }
  return found;
}

function printStatus(status: Status): void {
  const rows = status.sources.map((source) => [
    source.name,
    source.health,
    source.lastReceipt ? `${source.lastReceipt.outcome} ${source.lastReceipt.finishedAt.slice(0, 19)}Z` : '-',
    source.nextRunAt?.slice(0, 19).concat('Z') ?? '-',
    source.recordsToday === null ? '-' : String(source.recordsToday),
    source.watermark ?? '-',
    shorten(source.reason ?? '', 60),
  ]);
  print(formatTable(['source', 'health', 'last run', 'next run', 'today', 'watermark', 'reason'], rows));
  const { partitions, postgres, temporal, alerts } = status;
  print('');
  print(`PostgreSQL  ${postgres.reachable ? postgres.version : `cannot be reached: ${postgres.error}`}`);
  print(
    `Temporal    ${temporal.reachable ? temporal.address : `${temporal.address} cannot be reached`}${temporal.ui === null ? '' : `, Web UI ${temporal.ui}`}`,
  );
  if (partitions) print(`partitions  ${partitions.ahead} days ahead, oldest ${partitions.oldest ?? 'none'}`);
  for (const { pid, user, application, since } of postgres.longTransactions)
    print(
      `long reader pid ${pid} of ${user}${application ? ` (${application})` : ''} has held raw_events since ${since}; it holds up retiring days`,
    );
  for (const alert of alerts)
    print(`alert       ${alert.name} ${alert.source} since ${alert.since}: ${shorten(alert.message, 100)}`);
}
