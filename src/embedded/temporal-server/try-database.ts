import type { ChildProcess } from 'node:child_process';
import { constants, copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { Connection } from '@temporalio/client';
import { systemEnvironment } from '../../config/environment/child-environment.ts';
import { messageOf } from '../../domain/errors.ts';
import { embeddedTemporalSettings, usualPorts } from '../addresses.ts';
import { privateFolder } from '../home/durable-file.ts';
import type { Home } from '../home/home.ts';
import { stopProcess } from '../processes/managed-process.ts';
import { startServer, type FailedStart } from '../processes/start-server.ts';

const startMs = 60_000;
const startTries = 10;

/**
 * Whether a server can work with the database of a home that another version made: server 1.32 starts with one of 1.29, and cannot
 * list its schedules. It is tried on a copy, because a server changes what it opens, and the older one cannot continue from there.
 * @returns why it cannot; null = it can
 */
export async function tryDatabase(home: Home, program: string): Promise<string | null> {
  const folder = home.path('trial');
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { mode: privateFolder });
    for (const name of ['temporal.db', 'temporal.db-wal']) {
      if (existsSync(home.path(name)))
        copyFileSync(home.path(name), home.path('trial', name), constants.COPYFILE_FICLONE);
    }
    for (let tries = 1; ; tries++) {
      const started = await startOnCopy(home, program);
      if (!('why' in started)) return null;
      if (!started.isPortLost || tries === startTries) return started.why;
    }
  } catch (error) {
    return messageOf(error);
  } finally {
    await stopProcess(home, 'temporal');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startOnCopy(home: Home, program: string): Promise<ChildProcess | FailedStart> {
  const port = await home.choosePort('temporal', home.ports.temporal ?? usualPorts.temporal);
  return startServer(home, {
    command: {
      part: 'temporal',
      command: program,
      args: [
        'server',
        'start-dev',
        '--headless',
        '--ip',
        '127.0.0.1',
        '--port',
        String(port),
        '--log-level',
        'warn',
        '--db-filename',
        home.path('trial', 'temporal.db'),
      ],
      logFile: home.path('logs', 'temporal-trial.log'),
      truncateLog: true,
      isPrivate: true,
      environment: systemEnvironment(),
    },
    ports: [port],
    withinMs: startMs,
    serves: () => listsSchedules(home),
  });
}

/** Whether it lists the schedules; a text where it never will. */
async function listsSchedules(home: Home): Promise<boolean | string> {
  const { connection: settings, namespace } = embeddedTemporalSettings(home);
  let connection: Connection | null = null;
  try {
    // Without interceptors, which retry, it is reported at once.
    connection = await Connection.connect({ ...settings, connectTimeout: '2s', interceptors: [] });
    await connection.workflowService.listSchedules({ namespace, maximumPageSize: 1 });
    return true;
  } catch (error) {
    const [, reason] = /(SQL logic error: .*)/.exec(messageOf(error)) ?? [];
    return reason === undefined ? false : `it cannot list the schedules (${reason})`;
  } finally {
    await connection?.close();
  }
}
