import type { Client, ScheduleDescription, ScheduleSummary } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import type { Instance } from '../domain/instance.ts';
import { allSettled } from '../domain/all-settled.ts';
import { describeSchedule } from '../temporal/schedules/describe-schedule.ts';
import { isLeftBehind, type ScheduleOwner } from '../temporal/schedules/schedule-owner.ts';
import { ProbedStatus } from './probed-status.ts';
import { noSchedule, scheduleStatusOf, type ScheduleStatus } from './schedule-status.ts';
import { pausedRuns, openWorkflows, runsBySource } from './open-runs.ts';
import { readRollover, type RolloverStatus } from './rollover.ts';
import type { KnownSource } from './known-sources.ts';

export interface ServerStatus {
  /** Null if neither the environment names one nor this home runs one. */
  readonly address: string | null;
  readonly reachable: boolean;
  /** Why it cannot be reached. */
  readonly error: string | null;
  /** Address of the Web UI; null if it is not known. */
  readonly ui: string | null;
  /** The name of this Daybook in its namespace, where that is not the default one. */
  readonly instance?: string;
  /** Whether it knows the search attribute of sources; null = it was not asked. */
  readonly searchAttribute: boolean | null;
}

export interface SchedulesStatus {
  readonly sources: ReadonlyMap<string, ScheduleStatus>;
  /** Schedules of sources that are not among those asked for. */
  readonly others: ReadonlyMap<string, 'paused' | 'running'>;
  /** Null if the server cannot be asked. */
  readonly rollover: RolloverStatus | null;
}

/** When the last run of a source ended. */
export type LastEnds = ReadonlyMap<string, Date>;

/** Schedules that are described one by one: each costs the server a question to a workflow. */
const maxDescribed = 50;

/** Schedules as the server lists them. */
type Listed = AsyncIterable<ScheduleSummary> | Iterable<ScheduleSummary>;

/** All schedules of the server, for more than one question. @throws if it cannot be asked */
export async function listSchedules(client: Client): Promise<readonly ScheduleSummary[]> {
  const listed: ScheduleSummary[] = [];
  for await (const summary of client.schedule.list()) listed.push(summary);
  return listed;
}

/**
 * The schedules of sources on the Temporal server; for many sources from the list, which lags a moment.
 * @throws if it cannot be asked
 */
export async function readScheduleStatus(
  client: Client,
  owner: ScheduleOwner,
  sources: readonly KnownSource[],
  lastEnds: LastEnds,
  listed: Listed = client.schedule.list(),
): Promise<Omit<SchedulesStatus, 'others'>> {
  if (sources.length > maxDescribed) return listScheduleStatus(client, owner, sources, lastEnds, listed);
  const { instance } = owner;
  const read = await readSchedules(client, owner, sources, lastEnds);
  return { sources: read, rollover: await readRollover(client, instance) };
}

/** The same in a few questions, however many sources there are: for frequent callers. What was changed a moment ago may be missing. */
export async function listScheduleStatus(
  client: Client,
  owner: ScheduleOwner,
  known: readonly KnownSource[],
  lastEnds: LastEnds,
  listed: Listed = client.schedule.list(),
): Promise<SchedulesStatus> {
  const { instance } = owner;
  const names = new Set(known.map(({ name }) => name));
  const probed = await ProbedStatus.of(owner, known);
  const sources = new Map<string, ScheduleStatus>();
  const others = new Map<string, 'paused' | 'running'>();
  for await (const { scheduleId, memo, state, info } of listed) {
    if (probed.take(scheduleId, { state, info })) continue;
    const source = instance.sourceOfSchedule(scheduleId);
    if (source === null || probed.has(source)) continue;
    const status = scheduleStatusOf(state, info);
    // The schedule of a configured source counts, no matter who created it.
    if (!names.has(source)) {
      if (await isLeftBehind(owner, source, { memo })) others.set(source, status.paused ? 'paused' : 'running');
    } else {
      sources.set(source, status);
    }
  }
  for (const [name, status] of probed.statuses()) sources.set(name, status);
  const longAgo = new Date(Date.now() - heldMs).toISOString();
  const open = await openWorkflows(client, instance);
  const held = await pausedRuns(client, open.filter(({ since }) => since < longAgo).slice(0, fewAsked));
  for (const [source, paused] of held.paused) {
    const schedule = sources.get(source);
    if (schedule?.paused === null) sources.set(source, { ...schedule, paused });
  }
  for (const [source, running] of runsBySource(instance, open, held.waits)) {
    if (names.has(source)) sources.set(source, { ...(sources.get(source) ?? noSchedule), running });
  }
  for (const name of longestIdle(known, lastEnds)) {
    const status = await scheduleStatus(client, instance, name, lastEnds.get(name) ?? null);
    const schedule = sources.get(name);
    if (schedule && status) sources.set(name, { ...schedule, missed: status.missed });
  }
  return { sources, others, rollover: await readRollover(client, instance) };
}

/** Sources with a cron line that have not run for the longest time. */
function longestIdle(known: readonly KnownSource[], lastEnds: LastEnds): string[] {
  const since = (name: string) => lastEnds.get(name)?.getTime() ?? Infinity;
  const idle = known.filter(({ name, isCron }) => isCron && since(name) < Date.now() - heldMs);
  return idle
    .map(({ name }) => name)
    .sort((a, b) => since(a) - since(b))
    .slice(0, fewAsked);
}

async function readSchedules(
  client: Client,
  owner: ScheduleOwner,
  sources: readonly KnownSource[],
  lastEnds: LastEnds,
): Promise<Map<string, ScheduleStatus>> {
  const { instance } = owner;
  const probed = await ProbedStatus.of(owner, sources);
  for (const scheduleId of probed.scheduleIds) {
    const found = await describeSchedule(client, scheduleId);
    if (found) probed.take(scheduleId, found);
  }
  const ofGroups = probed.statuses();
  const entries = await allSettled(
    sources.map(async ({ name, isCron }) => {
      if (probed.has(name)) return [name, ofGroups.get(name) ?? null] as const;
      const since = isCron ? lastEnds.get(name) : undefined;
      return [name, await scheduleStatus(client, instance, name, since ?? null)] as const;
    }),
  );
  const open = await openWorkflows(client, instance);
  const held = await pausedRuns(client, open.slice(0, maxAsked));
  const runs = runsBySource(instance, open, held.waits);
  return new Map(
    entries.flatMap(([name, status]): [string, ScheduleStatus][] => {
      const paused = status?.paused ?? held.paused.get(name) ?? null;
      const running = runs.get(name) ?? null;
      return status || paused || running ? [[name, { ...noSchedule, ...status, paused, running }]] : [];
    }),
  );
}

/** Schedules of sources that are not among those known, also adopted ones. */
export async function otherSchedules(
  client: Client,
  owner: ScheduleOwner,
  known: ReadonlySet<string>,
  listed: readonly ScheduleSummary[],
): Promise<ReadonlyMap<string, 'paused' | 'running'>> {
  const others = new Map<string, 'paused' | 'running'>();
  for (const { scheduleId, state } of listed) {
    const source = owner.instance.sourceOfSchedule(scheduleId);
    if (source === null || known.has(source)) continue;
    const memos = await describeSchedule(client, scheduleId);
    if (memos === null || !(await isLeftBehind(owner, source, memos))) continue;
    others.set(source, state.paused ? 'paused' : 'running');
  }
  return others;
}

/** @param since when the last run ended, where missed times are asked for */
async function scheduleStatus(
  client: Client,
  instance: Instance,
  source: string,
  since: Date | null,
): Promise<ScheduleStatus | null> {
  const found = await describeSchedule(client, instance.scrapeScheduleId(source));
  if (!found) return null;
  const { state, info } = found;
  const missed = since === null || state.paused ? null : await timesDue(client, found, since);
  return { ...scheduleStatusOf(state, info), missed };
}

/** How often a schedule was due since a time: the server counts, because only it knows what a cron line means. */
async function timesDue(client: Client, { scheduleId, info }: ScheduleDescription, since: Date): Promise<number> {
  const { namespace } = client.options;
  // Its present form is valid only since its last change.
  const from = Math.max(since.getTime(), (info.lastUpdatedAt ?? info.createdAt).getTime());
  const { startTime } = await client.workflowService.listScheduleMatchingTimes({
    namespace,
    scheduleId,
    startTime: msToTs(from),
    endTime: msToTs(Math.max(from, Date.now())),
  });
  return startTime?.length ?? 0;
}

/** How many runs are queried for a pause. */
const maxAsked = 100;
/** Frequent callers query only runs that are at least this old, and fewer of them. */
const heldMs = 60_000;
const fewAsked = 20;
