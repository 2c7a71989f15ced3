import type { ChildProcess } from 'node:child_process';
import type { PostgresSettings } from '../config/environment.ts';
import type { Config } from '../config/parse-config.ts';
import { embeddedPostgresSettings, embeddedTemporalSettings, embeddedUi } from '../embedded/addresses.ts';
import { startPostgres } from '../embedded/postgres.ts';
import { startStack, stopStack, stopSurvivors, type Halves } from '../embedded/stack.ts';
import { findTemporal } from '../embedded/temporal-binary.ts';
import { startTemporal } from '../embedded/temporal.ts';
import { createPool } from '../sinks/postgres/connection.ts';
import { migrate } from '../sinks/postgres/migrate.ts';
import { ensureAhead } from '../sinks/postgres/partitions.ts';
import { applySchedules } from './schedules/apply-schedules.ts';
import { applyOwnSchedules } from './schedules/own-schedules.ts';
import {
  createContext,
  externalPostgres,
  externalTemporal,
  loadConfig,
  type CommonOptions,
  type Context,
} from './context.ts';
import { prepareDemo, startDemoOrigin } from './demo-origin.ts';
import { print, say } from './output.ts';
import { receiptLine } from './receipt-line.ts';
import { startSupervisedWorker, type SupervisedWorker } from './supervised-worker.ts';
import { Supervisor } from './supervisor.ts';
import { withTemporal } from './temporal-client.ts';
import { UsageError } from './usage-error.ts';
import { whereToLook } from './where-to-look.ts';

const announce = (message: string) => say(`daybook: ${message}`);

/** `daybook up`: runs everything that the environment does not name, until Ctrl-C. */
export async function upCommand(options: CommonOptions): Promise<void> {
  const context = createContext(options);
  const halves = embeddedHalves(context);
  const stop = stopSignal();
  if (!context.demo) loadConfig(context);
  context.home.lock();
  const supervisor = new Supervisor(announce);
  const starting = startAll(context, halves, supervisor, stop);
  starting.catch(() => undefined);
  try {
    await Promise.race([starting, aborted(stop)]);
    await aborted(stop);
  } finally {
    announce('stopping …');
    await supervisor.stop();
    await stopStack(context.home);
    // A start that was under way ends now; what it has started meanwhile is known to the home, and goes too.
    await starting.catch(() => undefined);
    await stopStack(context.home);
    context.home.unlock();
    announce('stopped');
  }
}

/** Which halves the environment leaves to the embedded stack. */
function embeddedHalves(context: Context): Halves {
  const halves = { postgres: externalPostgres(context) === null, temporal: externalTemporal(context) === null };
  if (!context.environment.embedded && (halves.postgres || halves.temporal)) {
    const missing = [halves.postgres ? 'PG_HOST' : '', halves.temporal ? 'TEMPORAL_ADDRESS' : ''].filter(Boolean);
    throw new UsageError(`found DAYBOOK_EMBEDDED=off without ${missing.join(' and ')}, expected servers to use`);
  }
  return halves;
}

async function startAll(context: Context, halves: Halves, supervisor: Supervisor, stop: AbortSignal): Promise<void> {
  const { home, environment } = context;
  await stopSurvivors(home, announce);
  if (context.demo) await prepareDemo(context);
  const config = loadConfig(context);
  await reachExternals(context);
  stop.throwIfAborted();
  const started = await startStack(home, halves, environment, announce, stop);
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
  watch('temporal', async () => startTemporal(home, await findTemporal(environment, announce)));
  await startServices(context, config, supervisor, stop, (polling) => (worker = polling));
}

/** Servers that the environment names must answer before anything is started beside them. */
async function reachExternals(context: Context): Promise<void> {
  const postgres = externalPostgres(context);
  const temporal = externalTemporal(context);
  if (temporal) await withTemporal(temporal, async () => {});
  if (postgres) await migrateAndTell(context.environment.owner ?? postgres);
}

async function migrateAndTell(settings: PostgresSettings): Promise<void> {
  const { applied } = await migrate(settings);
  if (applied.length > 0) announce(`migrated the database (${applied.join(', ')})`);
}

async function startServices(
  context: Context,
  config: Config,
  supervisor: Supervisor,
  stop: AbortSignal,
  onWorker: (worker: SupervisedWorker) => void,
): Promise<void> {
  const { home } = context;
  const servers = () => ({
    postgres: externalPostgres(context) ?? embeddedPostgresSettings(home),
    temporal: externalTemporal(context) ?? embeddedTemporalSettings(home),
  });
  const { postgres, temporal } = servers();
  if (!externalPostgres(context)) await migrateAndTell(postgres);
  await ensurePartitionsAhead(postgres, config.partitions.premake);
  stop.throwIfAborted();
  if (context.demo) {
    const start = () => startDemoOrigin(context);
    supervisor.watch({ part: 'origin', start }, start());
  }
  stop.throwIfAborted();
  announce('starting the worker …');
  const worker = await startSupervisedWorker(context, servers, supervisor, (receipt) => print(receiptLine(receipt)));
  onWorker(worker);
  const schedules = await withTemporal(temporal, async (client) => {
    await applyOwnSchedules(client);
    return applySchedules(client, config.sources);
  });
  for (const { source, action } of schedules) {
    if (action === 'foreign') announce(`schedule scrape-${source} was made by hand and is left as it is`);
    if (action === 'pause') announce(`schedule scrape-${source} is paused: its source is gone from the file`);
  }
  worker.schedulesApplied();
  const ui = externalTemporal(context) ? null : embeddedUi(home);
  print(whereToLook(context, { ui, http: worker.http, sources: config.sources.map((source) => source.name) }));
}

async function ensurePartitionsAhead(settings: PostgresSettings, premake: number): Promise<void> {
  const pool = createPool(settings, { maxConnections: 1 });
  try {
    await ensureAhead(pool, settings.schema, premake, new Date());
  } finally {
    await pool.end();
  }
}

/** Aborted by the first Ctrl-C or SIGTERM; further ones are heard, and change nothing. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => controller.abort());
  return controller.signal;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
