import type { ChildProcess } from 'node:child_process';
import type { PostgresSettings } from '../config/environment.ts';
import type { TemporalSettings } from '../config/temporal-settings.ts';
import type { FailedReceipt, Receipt } from '../domain/receipt.ts';
import { startWorkerProcess } from '../embedded/children.ts';
import { tailOf } from '../embedded/part.ts';
import { choosePort } from '../embedded/ports.ts';
import type { WorkerMessage } from '../worker/parent-messages.ts';
import { CannotStart } from './cannot-start.ts';
import type { Context } from './context.ts';
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
 * @throws CannotStart with the end of its log
 */
export async function startSupervisedWorker(
  context: Context,
  servers: () => Servers,
  supervisor: Supervisor,
  onReceipt: (receipt: Receipt | FailedReceipt) => void,
): Promise<SupervisedWorker> {
  const common = await workerEnvironment(context);
  let applied = false;
  let current: ChildProcess;
  let addresses = '';
  const start = () => {
    const named = serverVariables(servers());
    addresses = JSON.stringify(named);
    current = startWorkerProcess(context.home, { ...common, ...named });
    current.on('message', (message: WorkerMessage) => {
      if (message.type === 'receipt') onReceipt(message.receipt);
      else if (applied) tell(current);
    });
    return current;
  };
  const child = start();
  const http = await polling(child, context.home.path('logs', 'worker.log'));
  supervisor.watch({ part: 'worker', start }, child);
  return {
    http,
    follow() {
      if (JSON.stringify(serverVariables(servers())) !== addresses) current.kill();
    },
    schedulesApplied() {
      applied = true;
      tell(current);
    },
  };
}

function tell(worker: ChildProcess): void {
  if (worker.connected) worker.send({ type: 'schedules-applied' });
}

async function polling(child: ChildProcess, logFile: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: WorkerMessage) => {
      if (message.type === 'polling') resolve(message.http);
    });
    const fail = () =>
      reject(new CannotStart(`worker: it does not start; the end of ${logFile}:\n${tailOf(logFile, 5)}`));
    child.once('exit', fail);
    child.once('error', fail);
  });
}

/** The worker reads the same environment as this process, with the addresses that were found out here and those of servers. */
async function workerEnvironment({ environment, home }: Context): Promise<Record<string, string | undefined>> {
  if (environment.http) home.rememberPort('http', await choosePort(environment.http.port));
  return {
    ...environment.ownVariables,
    DAYBOOK_CONFIG: environment.configFile,
    DAYBOOK_DATA: environment.dataFolder,
    DAYBOOK_STORE: environment.storeFolder,
    DAYBOOK_HOME: environment.homeFolder,
    DAYBOOK_HTTP: environment.http ? `${bracketed(environment.http.host)}:${home.ports.http}` : 'off',
    DAYBOOK_EMBEDDED: 'off',
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

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
