import type { ChildProcess } from 'node:child_process';
import { shownPath } from '../../config/file/remote-files.ts';
import type { PostgresSettings } from '../../config/environment/postgres-settings.ts';
import type { TemporalSettings } from '../../config/environment/temporal-settings.ts';
import type { FailedReceipt, Receipt } from '../../domain/run/receipt.ts';
import { startWorkerProcess } from '../../embedded/processes/children.ts';
import { tailOf } from '../../embedded/processes/managed-process.ts';
import { storeName } from '../../domain/storage/store-setting.ts';
import type { WorkerMessage } from '../../worker/ipc-messages.ts';
import { CannotStart, UsageError } from '../../domain/errors.ts';
import { bracketed } from '../../domain/text/bracketed.ts';
import { externalTemporal, type Context } from '../options/context.ts';
import type { Supervisor } from './supervisor.ts';

export interface SupervisedWorker {
  /** Address of its HTTP endpoint, or null. */
  readonly http: string | null;
  /** Starts it again where a server has come back at another address: another program may have taken its port. */
  follow(): void;
  /** Tells this worker, and those that replace it, that the schedules are applied. */
  schedulesApplied(): void;
}

export interface Servers {
  readonly postgres: PostgresSettings;
  readonly temporal: TemporalSettings;
}

/**
 * Starts a worker process, waits until it polls, and keeps it running.
 * @param options of the command line
 * @param onMoved called with the new address of its HTTP endpoint: another program took its port while it was down
 * @throws CannotStart with the end of its log
 */
export async function startSupervisedWorker(
  context: Context,
  servers: () => Servers,
  supervisor: Supervisor,
  onReceipt: (receipt: Receipt | FailedReceipt) => void,
  onMoved: (http: string) => void,
  options: readonly string[],
): Promise<SupervisedWorker> {
  let applied = false;
  let current: ChildProcess;
  let addresses = '';
  let lastHttp: string | null = null;
  const start = async () => {
    const common = await workerEnvironment(context, lastHttp === null);
    const named = serverVariables(servers());
    addresses = JSON.stringify(named);
    current = startWorkerProcess(context.home, { ...common, ...named }, options);
    current.on('message', (message: WorkerMessage) => {
      if (message.type === 'receipt') return onReceipt(message.receipt);
      if (lastHttp !== null && message.http !== null && message.http !== lastHttp) onMoved(message.http);
      lastHttp = message.http;
      if (applied) sendSchedulesApplied(current);
    });
    return current;
  };
  const { child, http } = await firstStart(context, start);
  supervisor.watch({ part: 'worker', start }, child);
  return {
    http,
    follow() {
      if (JSON.stringify(serverVariables(servers())) !== addresses) current.kill();
    },
    schedulesApplied() {
      applied = true;
      sendSchedulesApplied(current);
    },
  };
}

/** How often it is started at first where others are faster in taking the port of its HTTP endpoint. */
const startTries = 10;

async function firstStart(
  { home }: Context,
  start: () => Promise<ChildProcess>,
): Promise<{ readonly child: ChildProcess; readonly http: string | null }> {
  const logFile = home.path('logs', 'worker.log');
  for (let tries = 1; ; tries++) {
    const child = await start();
    const http = await polling(child);
    if (http !== false) return { child, http };
    const end = tailOf(logFile, 5);
    if (tries === startTries || !end.includes('EADDRINUSE')) {
      throw new CannotStart(`worker: does not start; the end of ${logFile}:\n${end}`);
    }
  }
}

function sendSchedulesApplied(worker: ChildProcess): void {
  if (worker.connected) worker.send({ type: 'schedules-applied' });
}

/** Where its HTTP endpoint is, or null for none, once it polls; false if it ends before. */
async function polling(child: ChildProcess): Promise<string | null | false> {
  return new Promise((resolve) => {
    child.on('message', (message: WorkerMessage) => {
      if (message.type === 'polling') resolve(message.http);
    });
    child.once('exit', () => resolve(false));
    child.once('error', () => resolve(false));
  });
}

/** The worker reads the same environment as this process, with the addresses that were found out here and those of servers. */
async function workerEnvironment(context: Context, isFirst: boolean): Promise<Record<string, string | undefined>> {
  const { environment, home, instance } = context;
  const http = environment.http;
  const port = http && (await home.choosePort('http', http.port, http.host));
  // One that was taken while the worker was down must not end a stack that runs.
  if (http && isFirst && !http.isDefault && port !== http.port) {
    throw new UsageError(
      `found ${bracketed(http.host)}:${http.port} in use, but DAYBOOK_HTTP needs it; set DAYBOOK_HTTP to a free address, or to off`,
    );
  }
  return {
    ...environment.ownVariables,
    // A file that names another one meanwhile is for the next `up`.
    DAYBOOK_INSTANCE: instance.name,
    DAYBOOK_CONFIG: shownPath(environment.configFile),
    DAYBOOK_DATA: environment.dataFolder,
    DAYBOOK_STORE: storeName(environment.store),
    DAYBOOK_HOME: environment.homeFolder,
    DAYBOOK_HTTP: http ? `${bracketed(http.host)}:${home.ports.http}` : 'off',
    DAYBOOK_EMBEDDED: 'off',
    // Its own server has no other worker to take turns with.
    ...(externalTemporal(context) ? {} : { DAYBOOK_DEPLOYMENT: '' }),
  };
}

function serverVariables({ postgres, temporal }: Servers): Record<string, string> {
  return {
    PG_HOST: postgres.host,
    PG_PORT: String(postgres.port),
    PG_DB: postgres.database,
    PG_USER: postgres.user,
    PG_PASSWORD: postgres.password,
    PG_SSLMODE: postgres.sslMode,
    PG_SCHEMA: postgres.schema,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
  };
}
