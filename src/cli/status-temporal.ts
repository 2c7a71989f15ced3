import { embeddedUi } from '../embedded/addresses.ts';
import { ScheduleNotFoundError, type Client } from '@temporalio/client';
import { messageOf } from '../domain/errors.ts';
import { scheduleMemoKey, scrapeRunType, scrapeScheduleId } from '../domain/names.ts';
import { parsePauseNote, type PausedBy } from '../domain/pause-note.ts';
import type { Progress } from '../workflows/messages.ts';
import { externalTemporal, requireTemporal, type Context } from './context.ts';
import { withTemporal } from './temporal-client.ts';

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
  readonly server: ServerStatus;
  readonly sources: ReadonlyMap<string, ScheduleStatus>;
  /** Schedules of sources that are not among those asked for. */
  readonly others: ReadonlyMap<string, 'paused' | 'running'>;
}

const nothing = { sources: new Map(), others: new Map() };

/** What the Temporal server says of sources' schedules; a server that is away is a finding, not a failure. */
export async function readScheduleStatus(context: Context, sources: readonly string[]): Promise<SchedulesStatus> {
  let address: string | null = null;
  const ui = externalTemporal(context) ? null : embeddedUi(context.home);
  try {
    const settings = requireTemporal(context);
    ({ address } = settings);
    const found = await withTemporal(settings, async (client) => ({
      sources: await readSchedules(client, sources),
      others: await otherSchedules(client, new Set(sources)),
    }));
    return { ...found, server: { address, reachable: true, error: null, ui } };
  } catch (error) {
    return { ...nothing, server: { address, reachable: false, error: messageOf(error), ui } };
  }
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
  for await (const { scheduleId, memo, state } of client.schedule.list()) {
    const source = memo?.[scheduleMemoKey];
    if (typeof source !== 'string' || known.has(source) || scheduleId !== scrapeScheduleId(source)) continue;
    others.set(source, state.paused ? 'paused' : 'running');
  }
  return others;
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
