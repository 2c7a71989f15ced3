import type { ChildProcess } from 'node:child_process';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { systemEnvironment } from '../../config/environment/child-environment.ts';
import type { TemporalSettings } from '../../config/environment/temporal-settings.ts';
import { sourceSearchAttribute } from '../../domain/names.ts';
import { embeddedTemporalSettings, usualPorts } from '../addresses.ts';
import { EmbeddedUnavailable } from '../embedded-unavailable.ts';
import type { Home } from '../home/home.ts';
import { rememberMaker, type ServerProgram } from './server-version.ts';
import { startServer, type FailedStart } from '../processes/start-server.ts';

const startMs = 60_000;
/** How often it is started where others are faster in taking its ports. */
const startTries = 10;
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
    // Schedules that are due in the same second: see docs/decisions/0004-starts.md.
    'matching.longPollExpirationInterval="10s"',
  ].flatMap((value) => ['--dynamic-config-value', value]),
];

/**
 * Starts the home's Temporal server with its Web UI.
 * @throws EmbeddedUnavailable
 */
export async function startTemporal(home: Home, program: ServerProgram): Promise<ChildProcess> {
  const { file, version } = program;
  rememberMaker(home, program);
  for (let tries = 1; ; tries++) {
    const started = await startOnce(home, file);
    if (!('why' in started)) return started;
    if (started.isPortLost && tries < startTries) continue;
    throw new EmbeddedUnavailable(
      `embedded: Temporal server ${version ?? file} does not start on ${home.path('temporal.db')}; the end of ${logFileOf(home)}:\n${started.why}`,
    );
  }
}

async function startOnce(home: Home, program: string): Promise<ChildProcess | FailedStart> {
  const port = await home.choosePort('temporal', home.ports.temporal ?? usualPorts.temporal);
  const uiPort = await home.choosePort('temporalUi', home.ports.temporalUi ?? usualPorts.temporalUi);
  const settings = embeddedTemporalSettings(home);
  return startServer(home, {
    command: {
      part: 'temporal',
      command: program,
      args: [
        'server',
        'start-dev',
        '--ip',
        '127.0.0.1',
        '--port',
        String(port),
        '--ui-port',
        String(uiPort),
        '--db-filename',
        home.path('temporal.db'),
        '--log-level',
        'warn',
        '--search-attribute',
        `${sourceSearchAttribute}=Keyword`,
        ...serverFlags,
      ],
      logFile: logFileOf(home),
      truncateLog: true,
      isPrivate: true,
      environment: systemEnvironment(),
    },
    ports: [port, uiPort],
    withinMs: startMs,
    serves: () => serves(settings),
  });
}

function logFileOf(home: Home): string {
  return home.path('logs', 'temporal.log');
}

/** Whether the server has its namespace, whose retention is set on the way. */
async function serves(settings: TemporalSettings): Promise<boolean> {
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
