import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { nodeEnvironment } from '../../config/environment/child-environment.ts';
import type { Home } from '../home/home.ts';
import { startProcess } from './managed-process.ts';

const launcherTarget = fileURLToPath(new URL('../../../dist/service/main.js', import.meta.url));
const originProgram = fileURLToPath(new URL('../../../dist/demo/origin.js', import.meta.url));

/**
 * Half of what the worker's new objects may take: twice the default of Node.js, because a batch lives until it is stored, and
 * copying it from one half to the other costs CPU time. It cannot be changed once a process runs.
 */
const youngGeneration = '--max-semi-space-size=32';

/** What Node.js starts a worker with; a size that the user set counts. */
export function workerArguments(
  environment: Readonly<Record<string, string | undefined>>,
  options: readonly string[],
): string[] {
  const isSet = /max[-_]semi[-_]space[-_]size/.test(environment['NODE_OPTIONS'] ?? '');
  return [...(isSet ? [] : [youngGeneration]), '--enable-source-maps', launcherTarget, 'worker', ...options];
}

/** Memory that one thread has freed is used by the next one, instead of being kept for each; glibc reads it at the start. */
export const allocator = { MALLOC_ARENA_MAX: '2' };

/** Starts a worker of this home as a process of its own. */
export function startWorkerProcess(
  home: Home,
  environment: Readonly<Record<string, string | undefined>>,
  options: readonly string[] = [],
): ChildProcess {
  return startProcess(home, {
    part: 'worker',
    command: process.execPath,
    args: workerArguments(environment, options),
    logFile: home.path('logs', 'worker.log'),
    environment: { ...allocator, ...environment },
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
