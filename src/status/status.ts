import type { Alert } from '../domain/monitoring/alert.ts';
import type { CanaryReport } from '../domain/monitoring/canary.ts';
import type { Day } from '../domain/time/day.ts';
import { healthOf, type Health } from '../domain/monitoring/health.ts';
import type { FailedReceipt, Receipt } from '../domain/run/receipt.ts';
import { judgeStarts, type Starts } from '../domain/monitoring/schedule-starts.ts';
import type { RunState, UnchangedPolls } from '../domain/run/last-run.ts';
import { storageProblems, type StorageStatus } from '../domain/monitoring/storage-health.ts';
import type { DatabaseStatus, RowsToday } from './database.ts';
import type { OpenRun } from './open-runs.ts';
import { isMaintenanceLate, type RolloverStatus } from './rollover.ts';
import { noSchedule, type ScheduleStatus } from './schedule-status.ts';
import type { LastEnds, SchedulesStatus, ServerStatus } from './schedules.ts';
import { summarizeWaiting, type DeferredSummary } from './deferred.ts';
import type { KnownSource, KnownSources } from './known-sources.ts';

export interface SourceStatus {
  readonly name: string;
  readonly health: Health;
  readonly reason: string | null;
  /** Since when this is so; if unknown, when the last run ended. */
  readonly since: string | null;
  readonly lastReceipt: Receipt | FailedReceipt | null;
  readonly nextRunAt: string | null;
  /** The active run; null = none, or unknown. */
  readonly running: OpenRun | null;
  /** How its latest starts went; null if it has no schedule, or none began yet. */
  readonly starts: Starts | null;
  readonly watermark: string | null;
  /** Null if PostgreSQL cannot be asked. */
  readonly recordsToday: number | null;
  readonly paused: ScheduleStatus['paused'];
  /** Batches deferred for a sink. */
  readonly deferred: number;
  /** The same, sink by sink. */
  readonly waiting: readonly DeferredSummary[];
  /** Null if they could not be counted. */
  readonly deadLetters: number | null;
}

export interface Status {
  readonly sources: readonly SourceStatus[];
  /** Sources that are gone from the configuration, and have left something behind. */
  readonly unconfigured: readonly {
    readonly name: string;
    readonly schedule: 'paused' | 'running' | null;
    readonly deferred: number;
    readonly waiting: readonly DeferredSummary[];
  }[];
  /** Null if the configuration is good. */
  readonly config: { readonly broken: string } | null;
  readonly partitions: {
    /** Null if PostgreSQL cannot be asked. */
    readonly ahead: number | null;
    readonly oldest: Day | null;
    /** Null if Temporal cannot be asked. */
    readonly rollover: (RolloverStatus & { readonly late: boolean }) | null;
  };
  /** The process that runs the embedded stack, and which of its parts are restarting; null if none runs. */
  readonly stack: StackStatus | null;
  /** The result of the last canary; null if none has ended yet. */
  readonly canary: CanaryReport | null;
  readonly alerts: readonly Alert[];
  /** Records that were refused, of all sources; null if they could not be counted. */
  readonly deadLetters: number | null;
  /** The folders Daybook writes to, and whether they are writable. */
  readonly storage: readonly StorageStatus[];
  /** Damaged files of the store found by this check; an alert reports those that a worker has set aside. */
  readonly damaged: readonly DamagedBlob[];
  readonly postgres: DatabaseStatus['server'];
  readonly temporal: ServerStatus;
}

export interface DamagedBlob {
  readonly path: string;
  /** What was found, and what was expected. */
  readonly problem: string;
}

export interface StackStatus {
  readonly pid: number;
  readonly missing: readonly string[];
}

/** The facts that status is built from. */
export interface StatusFacts {
  readonly known: KnownSources;
  readonly database: DatabaseStatus;
  readonly rowsToday: RowsToday;
  readonly schedules: SchedulesStatus;
  readonly server: ServerStatus;
  readonly stack: StackStatus | null;
  readonly canary: CanaryReport | null;
  readonly waiting: ReadonlyMap<string, readonly DeferredSummary[]>;
  readonly alerts: readonly Alert[];
  readonly storage: readonly StorageStatus[];
  readonly damaged: readonly DamagedBlob[];
  /** Dead letters by source; null if they could not be counted. */
  readonly letters: ReadonlyMap<string, number> | null;
  /** By source. */
  readonly memories: ReadonlyMap<string, SourceMemory>;
}

/** What the store knows of a source. */
export interface SourceMemory {
  readonly lastReceipt: Receipt | FailedReceipt | null;
  /** When the last run that did not fail, and was not rate limited, ended; null = none is known. */
  readonly succeededAt: string | null;
  /** Unchanged polls since the last receipt that was stored; null = none. */
  readonly unchanged: UnchangedPolls | null;
  readonly state: RunState | null;
}

/** When the last run of each source ended. */
export function lastEndsOf(memories: ReadonlyMap<string, SourceMemory>): LastEnds {
  const ends = new Map<string, Date>();
  for (const [name, { lastReceipt }] of memories) if (lastReceipt) ends.set(name, new Date(lastReceipt.finishedAt));
  return ends;
}

/** Builds the current status. */
export function statusOf(facts: StatusFacts, now: Date): Status {
  const { known, database, schedules, server, stack, canary, waiting, alerts, storage, damaged, letters } = facts;
  const { ahead, oldest } = database.partitions ?? { ahead: null, oldest: null };
  const { rollover } = schedules;
  const names = new Set(known.sources.map(({ name }) => name));
  const others = new Set([...schedules.others.keys(), ...waiting.keys()].filter((name) => !names.has(name)));
  return {
    sources: known.sources.map((source) => sourceStatus(source, facts, now)),
    unconfigured: [...others].sort().map((name) => ({
      name,
      schedule: schedules.others.get(name) ?? null,
      ...countWaiting(waiting.get(name) ?? []),
    })),
    config: known.broken === null ? null : { broken: known.broken },
    partitions: {
      ahead,
      oldest,
      rollover: rollover && {
        ...rollover,
        late: isMaintenanceLate(rollover, ahead, known.premake),
      },
    },
    stack,
    canary,
    alerts,
    storage,
    damaged,
    deadLetters: letters && [...letters.values()].reduce((sum, count) => sum + count, 0),
    postgres: database.server,
    temporal: server,
  };
}

function sourceStatus(
  { name, everyMs, grid }: KnownSource,
  { memories, schedules, server, rowsToday, waiting: allWaiting, alerts, storage, letters }: StatusFacts,
  now: Date,
): SourceStatus {
  const { lastReceipt, state } = memories.get(name) ?? { lastReceipt: null, state: null };
  const schedule = schedules.sources.get(name) ?? noSchedule;
  const { paused, nextRunAt, missed, recent, notPausedSinceMs } = schedule;
  const waiting = allWaiting.get(name) ?? [];
  const own = alerts.filter((alert) => alert.source === name);
  const refusing = own.find((alert) => alert.name === 'all_rejected');
  const failingSince = (own.find((alert) => alert.name === 'run_failed') ?? refusing)?.since ?? null;
  const nextMs = nextRunAt === null ? null : Date.parse(nextRunAt);
  const lastEndMs = endOf(recent.at(-1)?.workflowId, lastReceipt);
  const starts = judgeStarts({ recent, nextMs, grid, lastEndMs, notPausedSinceMs }, now);
  // Old answers of an unavailable server must not make sources late: the outage is shown itself.
  const startProblem = server.reachable ? (starts?.problem ?? null) : null;
  const running = server.reachable ? runUnderWay(schedule, lastReceipt) : null;
  return {
    name,
    ...healthOf({
      lastReceipt,
      waiting: summarizeWaiting(waiting),
      paused,
      everyMs,
      missed,
      failingSince,
      startProblem,
      now,
      running: running && {
        ...running,
        dueAt: dueAt(running, recent),
      },
      refusing: refusing?.message ?? null,
      storageProblem: storageProblems(storage)[0] ?? null,
    }),
    lastReceipt,
    nextRunAt,
    running,
    starts,
    watermark: state?.watermark ?? null,
    paused,
    recordsToday: rowsToday ? (rowsToday.get(name) ?? 0) : null,
    ...countWaiting(waiting),
    deadLetters: letters && (letters.get(name) ?? 0),
  };
}

/** The server's list lags a moment: a run with a receipt is over. */
function runUnderWay({ running }: ScheduleStatus, receipt: Receipt | FailedReceipt | null): OpenRun | null {
  return running && endOf(running.workflowId, receipt) === null ? running : null;
}

/** When a run was due, or when it began if a command started it. */
function dueAt({ workflowId, since }: OpenRun, recent: ScheduleStatus['recent']): string {
  const start = recent.find((candidate) => candidate.workflowId === workflowId);
  return start ? new Date(start.dueMs).toISOString() : since;
}

/** When a run ended, if it is the last one that left a receipt. */
function endOf(workflowId: string | undefined, receipt: Receipt | FailedReceipt | null): number | null {
  return receipt && receipt.workflowId === workflowId ? Date.parse(receipt.finishedAt) : null;
}

function countWaiting(waiting: readonly DeferredSummary[]): Pick<SourceStatus, 'deferred' | 'waiting'> {
  return { deferred: waiting.reduce((sum, { batches }) => sum + batches, 0), waiting };
}
