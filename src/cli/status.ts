import { dayOfDate, type Day } from '../domain/day.ts';
import { DaybookError, messageOf } from '../domain/errors.ts';
import type { PostgresSettings } from '../config/environment.ts';
import { embeddedUi } from '../embedded/addresses.ts';
import type { BlobStore } from '../store/blob-store.ts';
import { openAlerts } from '../store/alerts.ts';
import { readCanaryReport } from '../store/canary-report.ts';
import { readLastReceipt } from '../store/receipts.ts';
import { readState } from '../store/states.ts';
import { readDatabaseStatus, readRowsToday, unreachable } from '../worker/status/database.ts';
import {
  otherSchedules,
  readScheduleStatus,
  type LastEnds,
  type SchedulesStatus,
  type ServerStatus,
} from '../worker/status/schedules.ts';
import {
  lastEndsOf,
  statusOf,
  unknownSource,
  type KnownSource,
  type KnownSources,
  type SourceMemory,
  type Status,
} from '../worker/status/status.ts';
import { readWaiting } from '../worker/status/waiting.ts';
import {
  createContext,
  externalTemporal,
  openStore,
  requirePostgres,
  requireTemporal,
  type CommonOptions,
  type Context,
} from './context.ts';
import { printJson } from './output.ts';
import { readKnownSources } from './status-config.ts';
import { printStatus } from './status-print.ts';
import { withTemporal } from './temporal-client.ts';
import { UsageError } from './usage-error.ts';

/** `daybook status`: whether data flows. With `--check`, exit code 1 while an alert is open, or maintenance is late. */
export async function statusCommand(options: CommonOptions & { json?: boolean; check?: boolean }): Promise<void> {
  const context = createContext(options);
  const now = new Date();
  const status = await readStatus(context, now);
  if (options.json) printJson(status);
  else printStatus(status, now);
  const isLate = status.partitions.rollover?.late === true;
  if (options.check && (status.alerts.length > 0 || isLate)) process.exitCode = 1;
}

async function readStatus(context: Context, now: Date): Promise<Status> {
  const store = openStore(context);
  const configured = await readKnownSources(context, store);
  const memories = await readMemories(store, configured.sources, now);
  const [{ database, rowsToday, found }, { known, schedules, server }] = await Promise.all([
    askDatabase(context, dayOfDate(now)),
    askTemporal(context, configured, lastEndsOf(memories)),
  ]);
  const holder = context.home.lockHolder();
  // Neither is named, and no stack runs: there is nothing to tell of.
  if (!found && server.address === null && holder === null) requireTemporal(context);
  const [waiting, alerts] = [await readWaiting(store), await openAlerts(store)];
  const others = known.sources.filter(({ name }) => !memories.has(name));
  for (const [name, memory] of await readMemories(store, others, now)) memories.set(name, memory);
  const canary = await readCanaryReport(store);
  const stack = holder && { pid: holder.pid, missing: context.home.missingParts };
  return statusOf({ known, database, rowsToday, schedules, server, stack, canary, waiting, alerts, memories }, now);
}

async function askDatabase(context: Context, today: Day) {
  let settings: PostgresSettings;
  try {
    settings = requirePostgres(context);
  } catch (error) {
    if (!(error instanceof DaybookError)) throw error;
    return { database: unreachable(error), rowsToday: null, found: !(error instanceof UsageError) };
  }
  const database = await readDatabaseStatus(settings, today);
  const rowsToday = database.partitions ? await readRowsToday(settings, today).catch(() => null) : null;
  return { database, rowsToday, found: true };
}

/** A server that is away is a finding, not a failure. */
async function askTemporal(
  context: Context,
  known: KnownSources,
  lastEnds: LastEnds,
): Promise<{ known: KnownSources; schedules: SchedulesStatus; server: ServerStatus }> {
  let address: string | null = null;
  const ui = externalTemporal(context) ? null : embeddedUi(context.home);
  try {
    const settings = requireTemporal(context);
    ({ address } = settings);
    const found = await withTemporal(settings, async (client) => {
      const others = await otherSchedules(client, new Set(known.sources.map(({ name }) => name)));
      // Where the configuration cannot be read, what has a schedule counts as configured.
      const more = known.broken === null ? [] : [...others.keys()].map(unknownSource);
      const sources = [...known.sources, ...more].sort((a, b) => (a.name < b.name ? -1 : 1));
      const all = more.length === 0 ? known : { ...known, sources };
      const schedules = await readScheduleStatus(client, all.sources, lastEnds);
      return { known: all, schedules: { ...schedules, others: more.length === 0 ? others : new Map<string, never>() } };
    });
    return { ...found, server: { address, reachable: true, error: null, ui } };
  } catch (error) {
    const schedules = { sources: new Map(), others: new Map(), rollover: null };
    return { known, schedules, server: { address, reachable: false, error: messageOf(error), ui } };
  }
}

async function readMemories(
  store: BlobStore,
  sources: readonly KnownSource[],
  now: Date,
): Promise<Map<string, SourceMemory>> {
  const memories = new Map<string, SourceMemory>();
  for (const { name } of sources) {
    const { state } = await readState(store, name);
    memories.set(name, { lastReceipt: await readLastReceipt(store, name, now), state });
  }
  return memories;
}
