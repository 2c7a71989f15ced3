import type { ChildProcess } from 'node:child_process';
import type { Client } from '@temporalio/client';
import type { FailedReceipt, Receipt } from '../../../domain/run/receipt.ts';
import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import type { Config } from '../../../config/file/parse-config.ts';
import { formatProblem } from '../../../config/file/problem.ts';
import { embeddedPostgresSettings, embeddedTemporalSettings } from '../../../embedded/addresses.ts';
import type { Home } from '../../../embedded/home/home.ts';
import { startPostgres } from '../../../embedded/postgres-server/postgres.ts';
import { startStack, stopStack, stopSurvivors, type EmbeddedParts } from '../../../embedded/stack.ts';
import { findServer } from '../../../embedded/temporal-server/home-server.ts';
import { startTemporal } from '../../../embedded/temporal-server/temporal.ts';
import { openStores } from '../../../store/open-stores.ts';
import { storeIdentity } from '../../../store/identity.ts';
import { createPool } from '../../../sinks/postgres/connection/connection.ts';
import { migrate } from '../../../sinks/postgres/commands/migrate.ts';
import { BlockedDay, ensureAhead } from '../../../sinks/postgres/days/partitions.ts';
import { scheduleOwner } from '../../../temporal/schedules/schedule-owner.ts';
import { foreignNote, instanceNotes, uselessBecause } from '../../../temporal/schedules/foreign-note.ts';
import { QueueGuard } from '../../../temporal/queue-guard.ts';
import { createSystemSchedules } from '../../../temporal/schedules/system-schedules.ts';
import { applySchedules } from '../../../temporal/schedules/apply-schedules.ts';
import {
  createContext,
  externalPostgres,
  externalTemporal,
  openStoreToRead,
  webUiOf,
  type Context,
} from '../../options/context.ts';
import { prepareDemo, startDemoServer } from '../../stack/demo-server.ts';
import { brokenNote, openServiceConfig, type ServiceOptions } from '../../options/last-good-config.ts';
import { print, printLines, printInfo } from '../../output/output.ts';
import { receiptLines } from '../../output/receipt-line.ts';
import { aborted, stopSignal } from '../../stack/stop-signal.ts';
import { joinPair, refuseForeignDatabase } from '../../options/store-pair.ts';
import { startSupervisedWorker, type SupervisedWorker } from '../../stack/supervised-worker.ts';
import { Supervisor } from '../../stack/supervisor.ts';
import { withTemporal } from '../../../temporal/connect.ts';
import { UsageError } from '../../../domain/errors.ts';
import { startupBanner } from '../../output/startup-banner.ts';

const announce = (message: string) => printInfo(`daybook: ${message}`);

/** `daybook up`: runs everything that the environment does not name, until Ctrl-C. */
export async function upCommand(options: ServiceOptions): Promise<void> {
  const context = createContext(options);
  const embedded = embeddedParts(context);
  const stop = stopSignal();
  if (!context.demo) await openServiceConfig(context, options);
  context.home.lock();
  const keeping = setInterval(() => keepHome(context.home), keepMs);
  const supervisor = new Supervisor(announce);
  const starting = startAll({ context, options }, embedded, supervisor, stop);
  starting.catch(() => undefined);
  try {
    await Promise.race([starting, aborted(stop)]);
    await aborted(stop);
  } finally {
    announce('stopping …');
    await supervisor.stop();
    await stopStack(context.home);
    // A start that was in progress ends now; the home knows what it has started in the meantime, so that is stopped too.
    await starting.catch(() => undefined);
    await stopStack(context.home);
    clearInterval(keeping);
    context.home.unlock();
    announce('stopped');
  }
}

/** How often the files of the home are checked. */
const keepMs = 1_000;

/** Other commands read the files of the home: damaged ones are written again. */
function keepHome(home: Home): void {
  try {
    for (const name of home.keep()) announce(`${home.path(name)} was damaged; it is rewritten`);
  } catch {
    // A full disk may have space again later.
  }
}

/** Which parts the environment leaves to the embedded stack. */
function embeddedParts(context: Context): EmbeddedParts {
  const embedded = { postgres: externalPostgres(context) === null, temporal: externalTemporal(context) === null };
  if (!context.environment.embedded && (embedded.postgres || embedded.temporal)) {
    const missing = [embedded.postgres ? 'PG_HOST' : '', embedded.temporal ? 'TEMPORAL_ADDRESS' : ''].filter(Boolean);
    throw new UsageError(`DAYBOOK_EMBEDDED=off needs ${missing.join(' and ')}`);
  }
  return embedded;
}

interface Service {
  readonly context: Context;
  readonly options: ServiceOptions;
}

async function startAll(
  service: Service,
  embedded: EmbeddedParts,
  supervisor: Supervisor,
  stop: AbortSignal,
): Promise<void> {
  const { context, options } = service;
  const { home, environment } = context;
  await stopSurvivors(home, announce);
  if (context.demo) prepareDemo(context);
  const file = await openServiceConfig(context, options);
  const config = file.lastGood();
  const note = brokenNote(file.current(), file.file);
  if (note !== null) announce(note);
  for (const { problem } of config.unset) {
    announce(`${formatProblem(environment.configFile, problem)}; the sources that need it fail, the others run`);
  }
  await reachExternals(service);
  stop.throwIfAborted();
  const started = await startStack(home, embedded, environment, announce, stop);
  stop.throwIfAborted();
  let worker: SupervisedWorker | null = null;
  const watch = (part: 'postgres' | 'temporal', again: () => Promise<ChildProcess>) => {
    const start = async () => {
      const child = await again();
      worker?.follow();
      return child;
    };
    if (started[part]) supervisor.watch({ part, start }, started[part]);
  };
  watch('postgres', async () => startPostgres(home, announce));
  watch('temporal', async () => startTemporal(home, await findServer(home, environment, announce)));
  await startServices(service, config, supervisor, stop, (polling) => (worker = polling));
}

/** Servers that the environment names must answer before anything is started beside them. */
async function reachExternals({ context, options }: Service): Promise<void> {
  const postgres = externalPostgres(context);
  const temporal = externalTemporal(context);
  if (temporal) await withTemporal(temporal, (client) => assertSameStore(context, client));
  if (!postgres) return;
  await refuseForeignDatabase(context, options, postgres);
  await migrateAndReport(context.environment.owner ?? postgres);
}

/** A worker of another store polls this queue: nothing is migrated, started or scheduled then. */
async function assertSameStore({ instance, environment }: Context, client: Client): Promise<void> {
  const identity = await storeIdentity(openStores(environment).store.blobs).catch(() => null);
  await new QueueGuard(client, instance, identity).check();
}

async function migrateAndReport(settings: PostgresSettings): Promise<void> {
  const { applied } = await migrate(settings);
  if (applied.length > 0) announce(`migrated the database (${applied.join(', ')})`);
}

async function startServices(
  { context, options }: Service,
  config: Config,
  supervisor: Supervisor,
  stop: AbortSignal,
  onWorker: (worker: SupervisedWorker) => void,
): Promise<void> {
  const { home } = context;
  const servers = () => ({
    postgres: externalPostgres(context) ?? embeddedPostgresSettings(home),
    temporal: externalTemporal(context) ?? embeddedTemporalSettings(home, context.environment),
  });
  const { postgres, temporal } = servers();
  if (!externalPostgres(context)) await migrateAndReport(postgres);
  const isJoined = await joinPair(context, options, postgres);
  await ensurePartitionsAhead(postgres, config.partitions.premake);
  stop.throwIfAborted();
  if (context.demo) {
    const start = () => startDemoServer(context);
    supervisor.watch({ part: 'origin', start }, await start());
  }
  stop.throwIfAborted();
  announce('starting the worker …');
  const printReceipt = (receipt: Receipt | FailedReceipt) => {
    for (const line of receiptLines(receipt)) print(line);
  };
  const onMoved = (http: string) => announce(`the status page has moved to ${http}/: another program uses its port`);
  const flags = [
    ...(options.strictConfig ? ['--strict-config'] : []),
    ...(options.acceptNewStore && !isJoined ? ['--accept-new-store'] : []),
  ];
  const worker = await startSupervisedWorker(context, servers, supervisor, printReceipt, onMoved, flags);
  onWorker(worker);
  const owner = await scheduleOwner(context.instance, openStoreToRead(context));
  const schedules = await withTemporal(temporal, async (client) => {
    await createSystemSchedules(client, owner);
    // A source that the last good configuration leaves out is not gone.
    return applySchedules(client, owner, config.sources, { keepOthers: config.kept !== undefined });
  });
  for (const change of schedules) {
    const { schedule, action } = change;
    const note = action === 'pause' ? `is paused: ${uselessBecause(change)}` : foreignNote(change);
    if (note !== null) announce(`schedule ${schedule} ${note}`);
  }
  for (const note of instanceNotes(schedules)) announce(note);
  worker.schedulesApplied();
  printLines(
    startupBanner(context, {
      ui: webUiOf(context),
      http: worker.http,
      sources: config.sources.map((source) => source.name),
    }),
  );
}

async function ensurePartitionsAhead(settings: PostgresSettings, premake: number): Promise<void> {
  const pool = createPool(settings, { maxConnections: 1 });
  try {
    await ensureAhead(pool, settings.schema, premake, new Date());
  } catch (error) {
    // A day that needs manual work does not block the others.
    if (!(error instanceof BlockedDay)) throw error;
    announce(error.message);
  } finally {
    await pool.end();
  }
}
