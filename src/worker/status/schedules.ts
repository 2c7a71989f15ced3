import { ScheduleNotFoundError, type Client } from '@temporalio/client';
import { scheduleMemoKey, scrapeRunType, scrapeScheduleId } from '../../domain/names.ts';
import { parsePauseNote, type PausedBy } from '../../domain/pause-note.ts';
import type { Progress } from '../../workflows/messages.ts';

/** What a source's schedule says. */
export interface ScheduleStatus {
  readonly paused: PausedBy | null;
  readonly nextRunAt: string | null;
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
}

/** What the Temporal server says of sources' schedules. @throws where it cannot be asked */
export async function readScheduleStatus(client: Client, sources: readonly string[]): Promise<SchedulesStatus> {
  return { sources: await readSchedules(client, sources), others: await otherSchedules(client, new Set(sources)) };
}

/**
 * The same in a few questions, however many sources there are: for those who ask again and again. What was changed a moment
 * ago may be missing.
 */
export async function listScheduleStatus(client: Client, known: ReadonlySet<string>): Promise<SchedulesStatus> {
  const sources = new Map<string, ScheduleStatus>();
  const others = new Map<string, 'paused' | 'running'>();
  for await (const { source, paused, note, next } of scrapeSchedules(client)) {
    if (!known.has(source)) others.set(source, paused ? 'paused' : 'running');
    else {
      sources.set(source, {
        paused: paused ? parsePauseNote(note) : null,
        nextRunAt: paused ? null : (next?.toISOString() ?? null),
      });
    }
  }
  const longAgo = new Date(Date.now() - heldMs).toISOString();
  for (const [source, paused] of await pausedRuns(client, ` AND StartTime < '${longAgo}'`, fewAsked)) {
    const schedule = sources.get(source);
    if (schedule?.paused === null) sources.set(source, { ...schedule, paused });
  }
  return { sources, others };
}

async function readSchedules(client: Client, sources: readonly string[]): Promise<Map<string, ScheduleStatus>> {
  const entries = await Promise.all(sources.map(async (name) => [name, await scheduleStatus(client, name)] as const));
  const held = await pausedRuns(client);
  return new Map(
    entries.flatMap(([name, status]): [string, ScheduleStatus][] => {
      const paused = status?.paused ?? held.get(name) ?? null;
      return status || paused ? [[name, { nextRunAt: status?.nextRunAt ?? null, paused }]] : [];
    }),
  );
}

async function otherSchedules(
  client: Client,
  known: ReadonlySet<string>,
): Promise<ReadonlyMap<string, 'paused' | 'running'>> {
  const others = new Map<string, 'paused' | 'running'>();
  for await (const { source, paused } of scrapeSchedules(client)) {
    if (!known.has(source)) others.set(source, paused ? 'paused' : 'running');
  }
  return others;
}

async function* scrapeSchedules(client: Client) {
  for await (const { scheduleId, memo, state, info } of client.schedule.list()) {
    const source = memo?.[scheduleMemoKey];
    if (typeof source !== 'string' || scheduleId !== scrapeScheduleId(source)) continue;
    yield { source, paused: state.paused, note: state.note, next: info.nextActionTimes[0] };
  }
}

async function scheduleStatus(client: Client, source: string): Promise<ScheduleStatus | null> {
  try {
    const { state, info } = await client.schedule.getHandle(scrapeScheduleId(source)).describe();
    return {
      paused: state.paused ? parsePauseNote(state.note) : null,
      nextRunAt: state.paused ? null : (info.nextActionTimes[0]?.toISOString() ?? null),
    };
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
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
