import type { Client } from '@temporalio/client';
import { scheduleOwner } from '../../../temporal/schedules/schedule-owner.ts';
import { dayOfDate, type Day } from '../../../domain/time/day.ts';
import { DaybookError, messageOf, UsageError } from '../../../domain/errors.ts';
import { writeJson } from '../../../formats/exact-json.ts';
import { visibleJson } from '../../../domain/text/visible-text.ts';
import { withTimeout } from '../../../formats/timeout.ts';
import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import { requireName } from '../../../config/file/find-source.ts';
import { knowingFolders } from '../../../store/blobs/known-folders.ts';
import type { Damage } from '../../../store/blobs/blob-store.ts';
import { openAlerts } from '../../../store/alerts/alerts.ts';
import { readCanaryReport } from '../../../store/canary/canary-report.ts';
import { createDeadLetterCounts } from '../../../store/dead-letters/dead-letters.ts';
import { readLastRuns } from '../../../store/run/last-runs.ts';
import { knowsSearchAttribute } from '../../../temporal/search-attribute.ts';
import { readDatabaseStatus, readRowsToday, unreachable } from '../../../status/database.ts';
import {
  listSchedules,
  otherSchedules,
  readScheduleStatus,
  type LastEnds,
  type SchedulesStatus,
  type ServerStatus,
} from '../../../status/schedules.ts';
import { SourceMemories } from '../../../status/source-memories.ts';
import { lastEndsOf, statusOf, type Status } from '../../../status/status.ts';
import { readKnownSources, unknownSource, type KnownSources } from '../../../status/known-sources.ts';
import { readWaiting } from '../../../status/deferred.ts';
import {
  createContext,
  openStoreToRead,
  requirePostgres,
  requireTemporal,
  webUiOf,
  type CommonOptions,
  type Context,
} from '../../options/context.ts';
import { loadConfig } from '../../options/load-config.ts';
import { setExitCode } from '../../output/exit-code.ts';
import { printPainted } from '../../output/output.ts';
import { detailLines } from '../../output/status-view/status-detail.ts';
import { statusLines } from '../../output/status-view/status-print.ts';
import { readStorage, storageAlerts } from '../../output/status-view/status-storage.ts';
import { watchStatus } from '../../output/status-view/status-watch.ts';
import { pairAlerts, readPair } from '../../options/store-pair.ts';
import { terminalOf } from '../../output/terminal/terminal.ts';
import { withTemporal } from '../../../temporal/connect.ts';

export interface StatusOptions extends CommonOptions {
  readonly json?: boolean;
  readonly check?: boolean;
  readonly problems?: boolean;
  readonly watch?: boolean;
}

/**
 * `daybook status`: whether data flows, of all sources or one. With `--check`, exit code 1 while an alert is open, a file of the
 * store is damaged, or maintenance is late; of one source, while an alert of it is open.
 */
export async function statusCommand(source: string | undefined, options: StatusOptions): Promise<void> {
  if (options.watch && options.check) throw new UsageError('--watch and --check cannot be combined');
  const context = createContext(options);
  const countLetters = createDeadLetterCounts(openStoreToRead(context, () => {}));
  const look = async () => {
    const now = new Date();
    const status = await readStatus(context, countLetters, now);
    return { now, status: source === undefined ? status : onlyOf(status, source) };
  };
  const draw = ({ status, now }: Awaited<ReturnType<typeof look>>) => linesOf(status, source, options, now);
  if (options.watch) return watchStatus(look, draw);
  const found = await look();
  printPainted(draw(found));
  if (options.check && isBad(found.status, source)) setExitCode(1);
}

function linesOf(status: Status, source: string | undefined, options: StatusOptions, now: Date): string[] {
  if (options.json) return [visibleJson(writeJson(status, true))];
  const terminal = terminalOf(process.stdout);
  const [only] = status.sources;
  if (source !== undefined && only) return detailLines(only, status, terminal, now);
  return statusLines(status, { terminal, now, problemsOnly: options.problems === true });
}

function isBad({ alerts, damaged, partitions }: Status, source: string | undefined): boolean {
  if (alerts.length > 0) return true;
  return source === undefined && (damaged.length > 0 || partitions.rollover?.late === true);
}

/** The same status, but of one source. @throws UnknownSource */
function onlyOf(status: Status, name: string): Status {
  const names = status.sources.map((source) => source.name);
  requireName(name, names);
  return {
    ...status,
    sources: status.sources.filter((source) => source.name === name),
    alerts: status.alerts.filter((alert) => alert.source === name),
  };
}

/** How long it is relied on which folders of the store exist: less than `--watch` waits. */
const foldersMs = 1_000;
/** The time for counting grows with the number of dead letters. */
const lettersMs = 5_000;

async function readStatus(
  context: Context,
  countLetters: () => Promise<ReadonlyMap<string, number>>,
  now: Date,
): Promise<Status> {
  const damages: Damage[] = [];
  const counting = withTimeout(lettersMs, countLetters()).catch(() => null);
  const store = knowingFolders(
    openStoreToRead(context, (damage) => damages.push(damage)),
    foldersMs,
  );
  const configured = await readKnownSources(() => loadConfig(context), store);
  const memory = new SourceMemories(store, () => readLastRuns(store));
  const memories = await memory.read(configured.sources, now);
  const [{ database, rowsToday, found }, { known, schedules, server }] = await Promise.all([
    askDatabase(context, dayOfDate(now)),
    askTemporal(context, configured, lastEndsOf(memories)),
  ]);
  const holder = context.home.lockHolder();
  // Neither is named, and no stack runs: there is nothing to report.
  if (!found && server.address === null && holder === null) requireTemporal(context);
  const hasRun = [...schedules.sources.values()].some(({ recent }) => recent.length > 0);
  const storage = await readStorage(context, hasRun, now);
  const [waiting, stored] = await Promise.all([readWaiting(store), openAlerts(store)]);
  const ofPair = pairAlerts(await readPair(context), stored, now);
  const alerts = [...storageAlerts(storage, now), ...ofPair, ...stored];
  const others = known.sources.filter(({ name }) => !memories.has(name));
  if (others.length > 0) for (const [name, other] of await memory.read(others, now)) memories.set(name, other);
  const canary = await readCanaryReport(store);
  const damaged = damages.map(({ path, problem }) => ({ path, problem }));
  const stack = holder && { pid: holder.pid, missing: context.home.missingParts };
  return statusOf(
    {
      known,
      database,
      rowsToday,
      schedules,
      server,
      stack,
      canary,
      waiting,
      alerts,
      storage,
      damaged,
      memories,
      letters: await counting,
    },
    now,
  );
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

/** For the Temporal server to answer all questions. */
const temporalMs = 20_000;

/** An unavailable server is a finding, not a failure. */
async function askTemporal(
  context: Context,
  known: KnownSources,
  lastEnds: LastEnds,
): Promise<{ known: KnownSources; schedules: SchedulesStatus; server: ServerStatus }> {
  let address: string | null = null;
  const ui = webUiOf(context);
  const named = context.instance.labelled('instance');
  try {
    const settings = requireTemporal(context);
    ({ address } = settings);
    const ask = async (client: Client) => {
      const owner = await scheduleOwner(
        context.instance,
        openStoreToRead(context, () => {}),
      );
      const listed = await listSchedules(client);
      const others = await otherSchedules(client, owner, new Set(known.sources.map(({ name }) => name)), listed);
      // If the configuration cannot be read, every source with a schedule counts as configured.
      const more = known.broken === null ? [] : [...others.keys()].map(unknownSource);
      const sources = [...known.sources, ...more].sort((a, b) => (a.name < b.name ? -1 : 1));
      const all = more.length === 0 ? known : { ...known, sources };
      const schedules = await readScheduleStatus(client, owner, all.sources, lastEnds, listed);
      const searchAttribute = await knowsSearchAttribute(client.connection, settings.namespace);
      return {
        searchAttribute,
        known: all,
        schedules: { ...schedules, others: more.length === 0 ? others : new Map<string, never>() },
      };
    };
    const deadline = Date.now() + temporalMs;
    const { searchAttribute, ...found } = await withTemporal(settings, (client) =>
      client.withDeadline(deadline, () => ask(client)),
    );
    return { ...found, server: { address, reachable: true, error: null, ui, ...named, searchAttribute } };
  } catch (error) {
    const schedules = { sources: new Map(), others: new Map(), rollover: null };
    return {
      known,
      schedules,
      server: { address, reachable: false, error: messageOf(error), ui, ...named, searchAttribute: null },
    };
  }
}
