import type { Config } from '../../config/parse-config.ts';
import type { Alert } from '../../domain/alert.ts';
import type { CanaryReport } from '../../domain/canary.ts';
import type { Day } from '../../domain/day.ts';
import { healthOf, type Health } from '../../domain/health.ts';
import type { FailedReceipt, Receipt } from '../../domain/receipt.ts';
import type { SourceState } from '../../domain/state.ts';
import type { DatabaseStatus, RowsToday } from './database.ts';
import { isMaintenanceLate, type RolloverStatus } from './rollover.ts';
import type { LastEnds, ScheduleStatus, SchedulesStatus, ServerStatus } from './schedules.ts';
import { summarizeWaiting, type Waiting } from './waiting.ts';

export interface KnownSource {
  readonly name: string;
  readonly everyMs: number | null;
  /** Its schedule is a cron line: only the server knows when it is due. */
  readonly isCron: boolean;
}

/** The sources that status tells of. */
export interface KnownSources {
  readonly sources: readonly KnownSource[];
  /** Days that are to have a partition ahead; null where that cannot be read. */
  readonly premake: number | null;
  /** What is wrong with the configuration; the sources are then those that remember something. */
  readonly broken: string | null;
}

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
  readonly stack: StackStatus | null;
  /** What the last canary had to say; null where none has ended yet. */
  readonly canary: CanaryReport | null;
  readonly alerts: readonly Alert[];
  readonly postgres: DatabaseStatus['server'];
  readonly temporal: ServerStatus;
}

export interface StackStatus {
  readonly pid: number;
  readonly missing: readonly string[];
}

/** The sources of a configuration. */
export function knownSources({ sources, partitions }: Config, broken: string | null): KnownSources {
  const known = sources.map(({ name, schedule }) => ({
    ...{ name, everyMs: schedule?.every ?? null, isCron: schedule?.cron !== undefined },
  }));
  return { sources: known, premake: partitions.premake, broken };
}

/** A source of which no more than its name is known. */
export function unknownSource(name: string): KnownSource {
  return { name, everyMs: null, isCron: false };
}

/** What status is made of. */
export interface StatusFacts {
  readonly known: KnownSources;
  readonly database: DatabaseStatus;
  readonly rowsToday: RowsToday;
  readonly schedules: SchedulesStatus;
  readonly server: ServerStatus;
  readonly stack: StackStatus | null;
  readonly canary: CanaryReport | null;
  readonly waiting: ReadonlyMap<string, readonly Waiting[]>;
  readonly alerts: readonly Alert[];
  /** By source. */
  readonly memories: ReadonlyMap<string, SourceMemory>;
}

/** What the store knows of a source. */
export interface SourceMemory {
  readonly lastReceipt: Receipt | FailedReceipt | null;
  readonly state: SourceState | null;
}

/** When the last run of each source ended. */
export function lastEndsOf(memories: ReadonlyMap<string, SourceMemory>): LastEnds {
  const ends = new Map<string, Date>();
  for (const [name, { lastReceipt }] of memories) if (lastReceipt) ends.set(name, new Date(lastReceipt.finishedAt));
  return ends;
}

/** Puts together how things stand. */
export function statusOf(facts: StatusFacts, now: Date): Status {
  const { known, database, schedules, server, stack, canary, waiting, alerts } = facts;
  const { ahead, oldest } = database.partitions ?? { ahead: null, oldest: null };
  const { rollover } = schedules;
  const names = new Set(known.sources.map(({ name }) => name));
  const others = new Set([...schedules.others.keys(), ...waiting.keys()].filter((name) => !names.has(name)));
  return {
    sources: known.sources.map((source) => sourceStatus(source, facts, now)),
    unconfigured: [...others].sort().map((name) => ({
      ...{ name, schedule: schedules.others.get(name) ?? null, ...countWaiting(waiting.get(name) ?? []) },
    })),
    config: known.broken === null ? null : { broken: known.broken },
    partitions: {
      ...{ ahead, oldest },
      rollover: rollover && { ...rollover, late: isMaintenanceLate(rollover, ahead, known.premake) },
    },
    stack,
    canary,
    alerts,
    postgres: database.server,
    temporal: server,
  };
}

function sourceStatus(
  { name, everyMs }: KnownSource,
  { memories, schedules, rowsToday, waiting: allWaiting, alerts }: StatusFacts,
  now: Date,
): SourceStatus {
  const { lastReceipt, state } = memories.get(name) ?? { lastReceipt: null, state: null };
  const { paused, nextRunAt, missed } = schedules.sources.get(name) ?? noSchedule;
  const waiting = allWaiting.get(name) ?? [];
  const failing = alerts.find((alert) => alert.source === name && alert.name === 'run_failed');
  const failingSince = failing?.since ?? null;
  return {
    name,
    ...healthOf({ lastReceipt, waiting: summarizeWaiting(waiting), paused, everyMs, missed, failingSince, now }),
    ...{ lastReceipt, nextRunAt, watermark: state?.watermark ?? null, paused },
    recordsToday: rowsToday ? (rowsToday.get(name) ?? 0) : null,
    ...countWaiting(waiting),
  };
}

const noSchedule: ScheduleStatus = { paused: null, nextRunAt: null, missed: null };

function countWaiting(waiting: readonly Waiting[]): Pick<SourceStatus, 'deferred' | 'waiting'> {
  return { deferred: waiting.reduce((sum, { batches }) => sum + batches, 0), waiting };
}
