import type { Alert } from '../domain/alert.ts';
import type { CanaryReport } from '../domain/canary.ts';
import { dayOfDate, type Day } from '../domain/day.ts';
import { healthOf, type Health } from '../domain/health.ts';
import type { FailedReceipt, Receipt } from '../domain/receipt.ts';
import type { BlobStore } from '../store/blob-store.ts';
import { openAlerts } from '../store/alerts.ts';
import { readCanaryReport } from '../store/canary-report.ts';
import { readLastReceipt } from '../store/receipts.ts';
import { readState } from '../store/states.ts';
import { createContext, openStore, requireTemporal, type CommonOptions, type Context } from './context.ts';
import { printJson } from './output.ts';
import { readKnownSources, type KnownSources } from './status-config.ts';
import { readDatabaseStatus, type DatabaseStatus } from './status-postgres.ts';
import { printStatus } from './status-print.ts';
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
  readonly partitions: { readonly ahead: number; readonly oldest: Day | null } | null;
  /** What the last canary had to say; null where none has ended yet. */
  readonly canary: CanaryReport | null;
  readonly alerts: readonly Alert[];
  readonly postgres: DatabaseStatus['server'];
  readonly temporal: ServerStatus;
}

/** `daybook status`: whether data flows. With `--check`, exit code 1 while an alert is open. */
export async function statusCommand(options: CommonOptions & { json?: boolean; check?: boolean }): Promise<void> {
  const context = createContext(options);
  const now = new Date();
  const status = await readStatus(context, now);
  if (options.json) printJson(status);
  else printStatus(status, now);
  if (options.check && status.alerts.length > 0) process.exitCode = 1;
}

async function readStatus(context: Context, now: Date): Promise<Status> {
  const store = openStore(context);
  const known = await readKnownSources(context, store);
  const [database, schedules] = await Promise.all([
    readDatabaseStatus(context, dayOfDate(now)),
    readSchedules(context, known),
  ]);
  // Neither is named, and no stack runs: there is nothing to tell of.
  if (!database.found && schedules.server.address === null) requireTemporal(context);
  const [waiting, alerts] = [await readWaiting(store), await openAlerts(store)];
  const sources: SourceStatus[] = [];
  for (const source of schedules.known) {
    const facts = {
      schedule: schedules.sources.get(source.name) ?? { paused: null, nextRunAt: null },
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
    partitions: database.partitions,
    canary: await readCanaryReport(store),
    alerts,
    postgres: database.server,
    temporal: schedules.server,
  };
}

/** Where the configuration cannot be read, what has a schedule counts as configured. */
async function readSchedules(context: Context, { sources, broken }: KnownSources) {
  const names = sources.map(({ name }) => name);
  const found = await readScheduleStatus(context, names);
  if (broken === null || found.others.size === 0) return { ...found, known: sources };
  const more = [...found.others.keys()].map((name) => ({ name, everyMs: null }));
  const known = [...sources, ...more].sort((a, b) => (a.name < b.name ? -1 : 1));
  const all = await readScheduleStatus(
    context,
    known.map(({ name }) => name),
  );
  return { ...all, known };
}

interface SourceFacts {
  readonly schedule: ScheduleStatus;
  readonly recordsToday: number | null;
  readonly waiting: readonly Waiting[];
  readonly failingSince: string | null;
}

async function sourceStatus(
  store: BlobStore,
  { name, everyMs }: KnownSources['sources'][number],
  { schedule: { paused, nextRunAt }, recordsToday, waiting, failingSince }: SourceFacts,
  now: Date,
): Promise<SourceStatus> {
  const lastReceipt = await readLastReceipt(store, name, now);
  const { state } = await readState(store, name);
  return {
    name,
    ...healthOf({ lastReceipt, waiting: summarizeWaiting(waiting), paused, everyMs, failingSince, now }),
    ...{ lastReceipt, nextRunAt, watermark: state?.watermark ?? null, recordsToday, paused },
    ...countWaiting(waiting),
  };
}

function countWaiting(waiting: readonly Waiting[]): Pick<SourceStatus, 'deferred' | 'waiting'> {
  return { deferred: waiting.reduce((sum, { batches }) => sum + batches, 0), waiting };
}
