import type { ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import type { TemporalSettings } from '../config/temporal-settings.ts';
import { sourceSearchAttribute } from '../domain/names.ts';
import { embeddedTemporalSettings, usualPorts } from './addresses.ts';
import { EmbeddedUnavailable } from './embedded-unavailable.ts';
import type { Home } from './home.ts';
import { startPart, tailOf } from './part.ts';
import { choosePort } from './ports.ts';

const startMs = 60_000;
/** How long closed runs stay visible; the development server's own default is one day. */
const retention = '30 days';

/**
 * For one machine only, never for a shared cluster: they trade the server's fairness for latency. What each is worth was
 * measured on this server: 36 → 64 pages/s by the pragmas, 5 → 50 by eager execution, 50 ms a hop by the poll rates.
 */
const serverFlags = [
  ...['journal_mode=WAL', 'synchronous=NORMAL'].flatMap((pragma) => ['--sqlite-pragma', pragma]),
  ...[
    'history.transferProcessorMaxPollRPS=2000',
    'system.enableActivityEagerExecution=true',
    'history.timerProcessorMaxPollRPS=2000',
    'history.timerProcessorMaxTimeShift="50ms"',
    'matching.useNewMatcher=true',
  ].flatMap((value) => ['--dynamic-config-value', value]),
];

/**
 * Starts the home's Temporal server with its Web UI.
 * @param program the Temporal CLI
 * @throws EmbeddedUnavailable
 */
export async function startTemporal(home: Home, program: string): Promise<ChildProcess> {
  const port = await choosePort(home.ports.temporal ?? usualPorts.temporal);
  home.rememberPort('temporal', port);
  home.rememberPort('temporalUi', await choosePort(home.ports.temporalUi ?? usualPorts.temporalUi, new Set([port])));
  const logFile = home.path('logs', 'temporal.log');
  const child = startPart(home, {
    part: 'temporal',
    command: program,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port)],
      ...['--ui-port', String(home.ports.temporalUi), '--db-filename', home.path('temporal.db')],
      ...['--log-level', 'warn', '--search-attribute', `${sourceSearchAttribute}=Keyword`],
      ...serverFlags,
    ],
    logFile,
    truncateLog: true,
  });
  let ended = false;
  child.once('exit', () => (ended = true));
  child.once('error', () => (ended = true));
  const deadline = Date.now() + startMs;
  const settings = embeddedTemporalSettings(home);
  while (!(await serves(port, settings))) {
    if (ended || Date.now() > deadline) {
      throw new EmbeddedUnavailable(
        `embedded: the Temporal server does not start; the end of ${logFile}:\n${tailOf(logFile, 5) || `${program} could not be run`}`,
      );
    }
    await sleep(50);
  }
  return child;
}

/** Whether the server answers and has its namespace, whose retention is set on the way. */
async function serves(port: number, settings: TemporalSettings): Promise<boolean> {
  if (!(await accepts(port))) return false;
  let connection: Connection | null = null;
  try {
    connection = await Connection.connect({ ...settings.connection, connectTimeout: '2s' });
    await connection.workflowService.updateNamespace({
      namespace: settings.namespace,
      config: { workflowExecutionRetentionTtl: msToTs(retention) },
    });
    return true;
  } catch {
    return false;
  } finally {
    await connection?.close();
  }
}

async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
