import { embeddedUi } from '../embedded/addresses.ts';
import { ScheduleNotFoundError, type Client } from '@temporalio/client';
import { scrapeRunType, scrapeScheduleId } from '../domain/names.ts';
import { parsePauseNote, type PausedBy } from '../domain/pause-note.ts';
import type { Progress } from '../workflows/messages.ts';
import { CannotStart } from './cannot-start.ts';
import { externalTemporal, requireTemporal, type Context } from './context.ts';
import { withTemporal } from './temporal-client.ts';

/** What a source's schedule says. */
export interface ScheduleStatus {
  readonly paused: PausedBy | null;
  readonly nextRunAt: string | null;
}

export interface ServerStatus {
  readonly address: string;
  readonly reachable: boolean;
  /** Address of the Web UI; null where it is not known. */
  readonly ui: string | null;
}

/** What the Temporal server says of sources' schedules; a server that is away is a finding, not a failure. */
export async function readScheduleStatus(
  context: Context,
  sources: readonly string[],
): Promise<{ readonly server: ServerStatus; readonly sources: ReadonlyMap<string, ScheduleStatus> }> {
  const settings = requireTemporal(context);
  const ui = externalTemporal(context) ? null : embeddedUi(context.home);
  try {
    const found = await withTemporal(settings, async (client) => {
      const entries = await Promise.all(
        sources.map(async (name) => [name, await scheduleStatus(client, name)] as const),
      );
      const held = await pausedRuns(client);
      return new Map(
        entries.flatMap(([name, status]): [string, ScheduleStatus][] => {
          const paused = status?.paused ?? held.get(name) ?? null;
          return status || paused ? [[name, { nextRunAt: status?.nextRunAt ?? null, paused }]] : [];
        }),
      );
    });
    return { server: { address: settings.address, reachable: true, ui }, sources: found };
  } catch (error) {
    if (!(error instanceof CannotStart)) throw error;
    return { server: { address: settings.address, reachable: false, ui }, sources: new Map() };
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
