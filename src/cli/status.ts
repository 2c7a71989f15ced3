import type { Alert } from '../domain/alert.ts';
import { dayOfDate, type Day } from '../domain/day.ts';
import { healthOf, type Health } from '../domain/health.ts';
import type { FailedReceipt, Receipt } from '../domain/receipt.ts';
import type { BlobStore } from '../store/blob-store.ts';
import { openAlerts } from '../store/alerts.ts';
import { readLastReceipt } from '../store/receipts.ts';
import { readState } from '../store/states.ts';
import { createContext, openStore, requireTemporal, type CommonOptions, type Context } from './context.ts';
import { printJson } from './output.ts';
import { readKnownSources, type KnownSource } from './status-config.ts';
import type { PartName } from '../embedded/home.ts';
import { readDatabaseStatus, type DatabaseStatus } from './status-postgres.ts';
import { printStatus } from './status-print.ts';
import { isMaintenanceLate, type RolloverStatus } from './status-rollover.ts';
import { readScheduleStatus, type ScheduleStatus, type ServerStatus } from './status-temporal.ts';
import { readWaiting, summarizeWaiting, type Waiting } from './status-waiting.ts';

export interface SourceStatus {
  readonly name: string;
  readonly health: Health;
  readonly reason: string | null;
  /** Since when it is so; where that is not known, when the last run ended. */
  readonly since: string | null;
  readonly lastReceipt: Receipt | FailedReceipt | null;
  readonly nextRunAt: string | null;
  readonly watermark: string | null;
  /** Null where PostgreSQL cannot be asked. */
  readonly recordsToday: number | null;
  readonly paused: ScheduleStatus['paused'];
  /** Batches that wait for a sink. */
  readonly deferred: number;
  /** The same, sink by sink. */
  readonly waiting: readonly Waiting[];
}

export interface Status {
  readonly sources: readonly SourceStatus[];
  /** Sources that are gone from the configuration, and have left something behind. */
  readonly unconfigured: readonly {
    readonly name: string;
    readonly schedule: 'paused' | 'running' | null;
    readonly deferred: number;
    readonly waiting: readonly Waiting[];
  }[];
  /** Null where the configuration is good. */
  readonly config: { readonly broken: string } | null;
  readonly partitions: {
    /** Null where PostgreSQL cannot be asked. */
    readonly ahead: number | null;
    readonly oldest: Day | null;
    /** Null where Temporal cannot be asked. */
    readonly rollover: (RolloverStatus & { readonly late: boolean }) | null;
  };
  /** Whoever runs the embedded stack, and which of its parts are being started again; null where none runs. */
  readonly stack: { readonly pid: number; readonly missing: readonly PartName[] } | null;
  readonly alerts: readonly Alert[];
  readonly postgres: DatabaseStatus['server'];
  readonly temporal: ServerStatus;
}

/** `daybook status`: whether data flows. With `--check`, exit code 1 while an alert is open, or maintenance is late. */
export async function statusCommand(options: CommonOptions & { json?: boolean; check?: boolean }): Promise<void> {
  const context = createContext(options);
  const now = new Date();
  const status = await readStatus(context, now);
  if (options.json) printJson(status);
  else printStatus(status, now);
  const isLate = status.partitions.rollover?.late === true;
  if (options.check && (status.alerts.length > 0 || isLate)) process.exitCode = 1;
}

async function readStatus(context: Context, now: Date): Promise<Status> {
  const store = openStore(context);
  const known = await readKnownSources(context, store);
  const lastEnds = new Map<string, Date>();
  for (const { name } of known.sources.filter(({ isCron }) => isCron)) {
    const receipt = await readLastReceipt(store, name, now);
    if (receipt) lastEnds.set(name, new Date(receipt.finishedAt));
  }
  const [database, schedules] = await Promise.all([
    readDatabaseStatus(context, dayOfDate(now)),
    readScheduleStatus(context, known, lastEnds),
  ]);
  const holder = context.home.lockHolder();
  const { rollover } = schedules;
  const { ahead, oldest } = database.partitions ?? { ahead: null, oldest: null };
  // Neither is named, and no stack runs: there is nothing to tell of.
  if (!database.found && schedules.server.address === null && holder === null) requireTemporal(context);
  const [waiting, alerts] = [await readWaiting(store), await openAlerts(store)];
  const sources: SourceStatus[] = [];
  for (const source of schedules.known) {
    const facts = {
      schedule: schedules.sources.get(source.name) ?? { paused: null, nextRunAt: null, missed: null },
      recordsToday: database.recordsToday ? (database.recordsToday.get(source.name) ?? 0) : null,
      waiting: waiting.get(source.name) ?? [],
      failingSince: alerts.find((alert) => alert.source === source.name && alert.name === 'run_failed')?.since ?? null,
    };
    sources.push(await sourceStatus(store, source, facts, now));
  }
  const others = new Set(
    [...schedules.others.keys(), ...waiting.keys()].filter(
      (name) => !schedules.known.some((source) => source.name === name),
    ),
  );
  return {
    sources,
    unconfigured: [...others].sort().map((name) => ({
      ...{ name, schedule: schedules.others.get(name) ?? null, ...countWaiting(waiting.get(name) ?? []) },
    })),
    config: known.broken === null ? null : { broken: known.broken },
    partitions: {
      ...{ ahead, oldest },
      rollover: rollover && { ...rollover, late: isMaintenanceLate(rollover, ahead, known.premake) },
    },
    stack: holder && { pid: holder.pid, missing: context.home.missingParts },
    alerts,
    postgres: database.server,
    temporal: schedules.server,
  };
}

interface SourceFacts {
  readonly schedule: ScheduleStatus;
  readonly recordsToday: number | null;
  readonly waiting: readonly Waiting[];
  readonly failingSince: string | null;
}

async function sourceStatus(
  store: BlobStore,
  { name, everyMs }: KnownSource,
  { schedule: { paused, nextRunAt, missed }, recordsToday, waiting, failingSince }: SourceFacts,
  now: Date,
): Promise<SourceStatus> {
  const lastReceipt = await readLastReceipt(store, name, now);
  const { state } = await readState(store, name);
  return {
    name,
    ...healthOf({ lastReceipt, waiting: summarizeWaiting(waiting), paused, everyMs, missed, failingSince, now }),
    ...{ lastReceipt, nextRunAt, watermark: state?.watermark ?? null, recordsToday, paused },
    ...countWaiting(waiting),
  };
}

function countWaiting(waiting: readonly Waiting[]): Pick<SourceStatus, 'deferred' | 'waiting'> {
  return { deferred: waiting.reduce((sum, { batches }) => sum + batches, 0), waiting };
}
