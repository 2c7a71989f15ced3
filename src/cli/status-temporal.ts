import { msToTs } from '@temporalio/common/lib/time.js';
import { embeddedUi } from '../embedded/addresses.ts';
import type { Client, ScheduleDescription } from '@temporalio/client';
import { messageOf } from '../domain/errors.ts';
import { scheduleMemoKey, scrapeRunType, scrapeScheduleId } from '../domain/names.ts';
import { parsePauseNote, type PausedBy } from '../domain/pause-note.ts';
import type { Progress } from '../workflows/messages.ts';
import { externalTemporal, requireTemporal, type Context } from './context.ts';
import { describeSchedule } from './schedules/own-schedules.ts';
import { unknownSource, type KnownSource, type KnownSources } from './status-config.ts';
import { readRollover, type RolloverStatus } from './status-rollover.ts';
import { withTemporal } from './temporal-client.ts';

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
  readonly server: ServerStatus;
  readonly sources: ReadonlyMap<string, ScheduleStatus>;
  /** Those asked for; where the configuration cannot be read, what has a schedule counts as configured. */
  readonly known: readonly KnownSource[];
  /** Null where the server cannot be asked. */
  readonly rollover: RolloverStatus | null;
  /** Schedules of sources that are not among those asked for. */
  readonly others: ReadonlyMap<string, 'paused' | 'running'>;
}

const nothing = { sources: new Map(), others: new Map(), rollover: null };

/** What the Temporal server says of sources' schedules; a server that is away is a finding, not a failure. */
export async function readScheduleStatus(
  context: Context,
  { sources, broken }: KnownSources,
  lastEnds: ReadonlyMap<string, Date>,
): Promise<SchedulesStatus> {
  let address: string | null = null;
  const ui = externalTemporal(context) ? null : embeddedUi(context.home);
  try {
    const settings = requireTemporal(context);
    ({ address } = settings);
    const found = await withTemporal(settings, async (client) => {
      const others = await otherSchedules(client, new Set(sources.map(({ name }) => name)));
      const more = broken === null ? [] : [...others.keys()].map(unknownSource);
      const known = more.length === 0 ? sources : [...sources, ...more].sort((a, b) => (a.name < b.name ? -1 : 1));
      return {
        known,
        sources: await readSchedules(client, known, lastEnds),
        others: broken === null ? others : new Map<string, never>(),
        rollover: await readRollover(client),
      };
    });
    return { ...found, server: { address, reachable: true, error: null, ui } };
  } catch (error) {
    return { ...nothing, known: sources, server: { address, reachable: false, error: messageOf(error), ui } };
  }
}

async function readSchedules(
  client: Client,
  sources: readonly KnownSource[],
  lastEnds: ReadonlyMap<string, Date>,
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

async function otherSchedules(
  client: Client,
  known: ReadonlySet<string>,
): Promise<ReadonlyMap<string, 'paused' | 'running'>> {
  const others = new Map<string, 'paused' | 'running'>();
  for await (const { scheduleId, memo, state } of client.schedule.list()) {
    const source = memo?.[scheduleMemoKey];
    if (typeof source !== 'string' || known.has(source) || scheduleId !== scrapeScheduleId(source)) continue;
    others.set(source, state.paused ? 'paused' : 'running');
  }
  return others;
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
async function pausedRuns(client: Client): Promise<ReadonlyMap<string, PausedBy>> {
  const paused = new Map<string, PausedBy>();
  const asked: Promise<void>[] = [];
  const open = client.workflow.list({ query: `WorkflowType = '${scrapeRunType}' AND ExecutionStatus = 'Running'` });
  for await (const { workflowId, runId } of open) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const ask = async () => {
      // Without a worker nobody answers.
      const progress = await client.withDeadline(Date.now() + askMs, () => handle.query<Progress>('progress'));
      if (progress.paused) paused.set(progress.source, progress.paused);
    };
    asked.push(ask().catch(() => undefined));
    if (asked.length >= mostAsked) break;
  }
  await Promise.all(asked);
  return paused;
}

/** How long a run is waited for, and how many are asked. */
const askMs = 2_000;
const mostAsked = 100;
