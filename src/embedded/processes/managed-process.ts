import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { privateFile, privateFolder } from '../home/durable-file.ts';
import type { Home, PartName } from '../home/home.ts';
import { isAlive, type ProcessIdentity } from './process-identity.ts';

/** Reports what is being done, and the progress of long steps. */
export type Announce = (message: string) => void;

/** How a part is run as a process. */
export interface ProcessCommand {
  readonly part: PartName;
  readonly command: string;
  readonly args: readonly string[];
  readonly logFile: string;
  /** All that it gets of the environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether no one else may read the files that it makes. */
  readonly isPrivate?: boolean;
  /** Whom to run as, where that is not this process's user. */
  readonly user?: { readonly uid: number; readonly gid: number } | null;
  /** Whether it is a Node process that talks to this one. */
  readonly messages?: boolean;
  /** Whether its log starts from scratch. */
  readonly truncateLog?: boolean;
}

/**
 * Starts a part in a process group of its own, so that Ctrl-C in the terminal does not reach it before its turn, with
 * its output in a log file. The home remembers it.
 */
export function startProcess(home: Home, part: ProcessCommand): ChildProcess {
  mkdirSync(dirname(part.logFile), { recursive: true, mode: privateFolder });
  setAside(part.logFile);
  const log = openSync(part.logFile, part.truncateLog ? 'w' : 'a', privateFile);
  // A process begins with the mask of the one that starts it.
  const mask = part.isPrivate ? process.umask(0o077) : null;
  try {
    const child = spawn(part.command, [...part.args], {
      // PostgreSQL's user may not be allowed where this process is.
      ...(part.user ? { cwd: '/' } : {}),
      detached: true,
      stdio: ['ignore', log, log, ...(part.messages ? (['ipc'] as const) : [])],
      windowsHide: true,
      env: { ...part.environment },
      ...part.user,
    });
    remember(home, part.part, child);
    return child;
  } finally {
    if (mask !== null) process.umask(mask);
    closeSync(log);
  }
}

/** One that the home cannot remember must not run: no one would stop it. */
function remember(home: Home, part: PartName, child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    home.rememberProcess(part, child.pid);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

const stopSignals: Readonly<Record<PartName, NodeJS.Signals>> = {
  worker: 'SIGTERM',
  origin: 'SIGTERM',
  temporal: 'SIGTERM',
  // "Fast shutdown": ends sessions, writes a checkpoint.
  postgres: 'SIGINT',
};

/** How long a part gets before it is killed: the worker's own grace time is 10 s. */
const graceMs: Readonly<Record<PartName, number>> = {
  worker: 12_000,
  origin: 2_000,
  temporal: 8_000,
  postgres: 15_000,
};

/** Stops a part that the home remembers, dead or alive, and forgets it. */
export async function stopProcess(home: Home, part: PartName): Promise<void> {
  await endProcess(home, part);
  home.forgetProcess(part);
}

/** Ends a part that the home remembers, gently at first. It counts as missing until it is started again. */
export async function endProcess(home: Home, part: PartName): Promise<void> {
  const known = home.processes[part];
  if (known && isAlive(known)) {
    signal(known.pid, stopSignals[part]);
    if (!(await isGone(known, graceMs[part]))) {
      signal(-known.pid, 'SIGKILL');
      await isGone(known, 5_000);
    }
  }
}

/** A log that has grown large is kept once more, beside the new one. */
function setAside(logFile: string): void {
  if (existsSync(logFile) && statSync(logFile).size > largestLog) renameSync(logFile, `${logFile}.1`);
}

const largestLog = 20 * 1024 * 1024;

/** The end of a part's log, for messages. */
export function tailOf(logFile: string, lines: number): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}

async function isGone(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (isAlive(identity)) {
    if (Date.now() > deadline) return false;
    await sleep(25);
  }
  return true;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone already.
  }
}
