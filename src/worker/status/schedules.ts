import type { Client, ScheduleDescription } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { scheduleMemoKey, scrapeRunType, scrapeScheduleId } from '../../domain/names.ts';
import { parsePauseNote, type PausedBy } from '../../domain/pause-note.ts';
import type { Progress } from '../../workflows/messages.ts';
import { describeSchedule, isAdopted } from '../../activities/describe-schedule.ts';
import { readRollover, type RolloverStatus } from './rollover.ts';
import type { KnownSource } from './status.ts';

/** What a source's schedule says. */
export interface ScheduleStatus {
  readonly paused: PausedBy | null;
  readonly nextRunAt: string | null;
  /** Times it was due since the last run ended; null where that is not known. No more than a thousand are counted. */
  readonly missed: number | null;
}

export interface ServerStatus {
  /** Null where neither the environment names one nor this home runs one. */
  readonly address: string | null;
  readonly reachable: boolean;
  /** Why it is not. */
  readonly error: string | null;
  /** Address of the Web UI; null where it is not known. */
  readonly ui: string | null;
}

export interface SchedulesStatus {
  readonly sources: ReadonlyMap<string, ScheduleStatus>;
  /** Schedules of sources that are not among those asked for. */
  readonly others: ReadonlyMap<string, 'paused' | 'running'>;
  /** Null where the server cannot be asked. */
  readonly rollover: RolloverStatus | null;
}

/** When the last run of a source ended. */
export type LastEnds = ReadonlyMap<string, Date>;

/** What the Temporal server says of sources' schedules. @throws where it cannot be asked */
export async function readScheduleStatus(
  client: Client,
  sources: readonly KnownSource[],
  lastEnds: LastEnds,
): Promise<Omit<SchedulesStatus, 'others'>> {
  return { sources: await readSchedules(client, sources, lastEnds), rollover: await readRollover(client) };
}

/**
 * The same in a few questions, however many sources there are: for those who ask again and again. What was changed a moment
 * ago may be missing.
 */
export async function listScheduleStatus(
  client: Client,
  known: readonly KnownSource[],
  lastEnds: LastEnds,
): Promise<SchedulesStatus> {
  const names = new Set(known.map(({ name }) => name));
  const sources = new Map<string, ScheduleStatus>();
  const others = new Map<string, 'paused' | 'running'>();
  for await (const { source, isMade, paused, note, next } of scrapeSchedules(client)) {
    // That of a configured source counts, whoever made it.
    if (!names.has(source)) {
      if (isMade) others.set(source, paused ? 'paused' : 'running');
    } else {
      sources.set(source, {
        paused: paused ? parsePauseNote(note) : null,
        nextRunAt: paused ? null : (next?.toISOString() ?? null),
        missed: null,
      });
    }
  }
  const longAgo = new Date(Date.now() - heldMs).toISOString();
  for (const [source, paused] of await pausedRuns(client, ` AND StartTime < '${longAgo}'`, fewAsked)) {
    const schedule = sources.get(source);
    if (schedule?.paused === null) sources.set(source, { ...schedule, paused });
  }
  for (const name of longestIdle(known, lastEnds)) {
    const status = await scheduleStatus(client, name, lastEnds.get(name) ?? null);
    const schedule = sources.get(name);
    if (schedule && status) sources.set(name, { ...schedule, missed: status.missed });
  }
  return { sources, others, rollover: await readRollover(client) };
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
  sources: readonly KnownSource[],
  lastEnds: LastEnds,
): Promise<Map<string, ScheduleStatus>> {
  const entries = await Promise.all(
    sources.map(async ({ name, isCron }) => {
      const since = isCron ? lastEnds.get(name) : undefined;
      return [name, await scheduleStatus(client, name, since ?? null)] as const;
    }),
  );
  const held = await pausedRuns(client);
  return new Map(
    entries.flatMap(([name, status]): [string, ScheduleStatus][] => {
      const paused = status?.paused ?? held.get(name) ?? null;
      return status || paused ? [[name, { nextRunAt: null, missed: null, ...status, paused }]] : [];
    }),
  );
}

/** Schedules of sources that are not among those known, also adopted ones. */
export async function otherSchedules(
  client: Client,
  known: ReadonlySet<string>,
): Promise<ReadonlyMap<string, 'paused' | 'running'>> {
  const others = new Map<string, 'paused' | 'running'>();
  for await (const { source, isMade, paused } of scrapeSchedules(client)) {
    if (known.has(source) || !(isMade || (await isAdopted(client, source)))) continue;
    others.set(source, paused ? 'paused' : 'running');
  }
  return others;
}

const prefix = scrapeScheduleId('');

/** Schedules whose ids are those of sources; `isMade`: by Daybook. */
async function* scrapeSchedules(client: Client) {
  for await (const { scheduleId, memo, state, info } of client.schedule.list()) {
    if (!scheduleId.startsWith(prefix)) continue;
    const source = scheduleId.slice(prefix.length);
    const isMade = memo?.[scheduleMemoKey] === source;
    yield { source, isMade, paused: state.paused, note: state.note, next: info.nextActionTimes[0] };
  }
}

/** @param since when the last run ended, where missed times are asked for */
async function scheduleStatus(client: Client, source: string, since: Date | null): Promise<ScheduleStatus | null> {
  const found = await describeSchedule(client, scrapeScheduleId(source));
  if (!found) return null;
  const { state, info } = found;
  return {
    paused: state.paused ? parsePauseNote(state.note) : null,
    nextRunAt: state.paused ? null : (info.nextActionTimes[0]?.toISOString() ?? null),
    missed: since === null || state.paused ? null : await timesDue(client, found, since),
  };
}

/** How often a schedule was due since a time: the server counts, for it alone knows what a cron line means. */
async function timesDue(client: Client, { scheduleId, info }: ScheduleDescription, since: Date): Promise<number> {
  const { namespace } = client.options;
  // As it is now, it has been since its last change only.
  const from = Math.max(since.getTime(), (info.lastUpdatedAt ?? info.createdAt).getTime());
  const { startTime } = await client.workflowService.listScheduleMatchingTimes({
    ...{ namespace, scheduleId, startTime: msToTs(from), endTime: msToTs(Math.max(from, Date.now())) },
  });
  return startTime?.length ?? 0;
}

/** Runs that a signal holds, while their schedules think that all is well. */
async function pausedRuns(client: Client, which = '', most = mostAsked): Promise<ReadonlyMap<string, PausedBy>> {
  const paused = new Map<string, PausedBy>();
  const asked: Promise<void>[] = [];
  const query = `WorkflowType = '${scrapeRunType}' AND ExecutionStatus = 'Running'${which}`;
  const open = client.workflow.list({ query });
  for await (const { workflowId, runId } of open) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const ask = async () => {
      // Without a worker nobody answers.
      const progress = await client.withDeadline(Date.now() + askMs, () => handle.query<Progress>('progress'));
      if (progress.paused) paused.set(progress.source, progress.paused);
    };
    asked.push(ask().catch(() => undefined));
    if (asked.length >= most) break;
  }
  await Promise.all(asked);
  return paused;
}

/** How long a run is waited for, and how many are asked. */
const askMs = 2_000;
const mostAsked = 100;
/** Who asks again and again asks only runs that have been under way for so long, and fewer. */
const heldMs = 60_000;
const fewAsked = 20;
