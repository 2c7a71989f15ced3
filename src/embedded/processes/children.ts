import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { nodeEnvironment } from '../../config/environment/child-environment.ts';
import type { Home } from '../home/home.ts';
import { startProcess } from './managed-process.ts';

const launcherTarget = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const originProgram = fileURLToPath(new URL('../../../dist/demo/origin.js', import.meta.url));

/** Starts a worker of this home as a process of its own. */
export function startWorkerProcess(
  home: Home,
  environment: Readonly<Record<string, string | undefined>>,
  options: readonly string[] = [],
): ChildProcess {
  return startProcess(home, {
    part: 'worker',
    command: process.execPath,
    args: ['--enable-source-maps', launcherTarget, 'worker', ...options],
    logFile: home.path('logs', 'worker.log'),
    environment,
    messages: true,
  });
}

/** Starts the demo's origin as a process of its own. */
export function startOriginProcess(home: Home, port: number, wireFile: string): ChildProcess {
  return startProcess(home, {
    part: 'origin',
    command: process.execPath,
    args: [originProgram, String(port), wireFile],
    logFile: home.path('logs', 'origin.log'),
    environment: nodeEnvironment(),
    messages: true,
    truncateLog: true,
  });
}
