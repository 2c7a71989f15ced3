import { embeddedUi } from '../embedded/addresses.ts';
import { ScheduleNotFoundError, type Client } from '@temporalio/client';
import { scrapeScheduleId } from '../domain/names.ts';
import { CannotStart } from './cannot-start.ts';
import { externalTemporal, requireTemporal, type Context } from './context.ts';
import { withTemporal } from './temporal-client.ts';

/** What a source's schedule says. */
export interface ScheduleStatus {
  readonly paused: { readonly by: string | null; readonly reason: string | null; readonly until: string | null } | null;
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
      return new Map(entries.flatMap(([name, status]) => (status ? [[name, status] as const] : [])));
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
      paused: state.paused ? { by: null, reason: state.note ?? null, until: null } : null,
      nextRunAt: state.paused ? null : (info.nextActionTimes[0]?.toISOString() ?? null),
    };
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
}
