import type { ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Home, PartName } from '../home/home.ts';
import { startProcess, endProcess, tailOf, type ProcessCommand } from './managed-process.ts';
import { ownsPort } from './port-owner.ts';

/** A start of a server that came to nothing. */
export interface FailedStart {
  readonly why: string;
  /** Whether another program was faster in taking one of its ports. */
  readonly isPortLost: boolean;
}

/** How a server is started and waited for. */
export interface ServerStart {
  readonly command: ProcessCommand;
  readonly withinMs: number;
  /** The ports at which it must answer itself. */
  readonly ports: readonly number[];
  /** Whether it does its work; asked only once it is known that it is this process that answers. A text = it never will. */
  readonly serves: () => Promise<boolean | string>;
}

/** How long a server must live where the system does not tell whose a port is: one that did not get its port ends at once. */
const provenMs = 1_500;

/**
 * Starts a server once, and waits until it serves. What answers at its ports must be this very process: another program, or the
 * server of another home, may have taken a port in the moment between the look and the start. It is stopped where it does not serve.
 */
export async function startServer(home: Home, start: ServerStart): Promise<ChildProcess | FailedStart> {
  const { part, logFile, command } = start.command;
  const startedAt = Date.now();
  const child = startProcess(home, start.command);
  let ended = false;
  child.once('exit', () => (ended = true));
  child.once('error', () => (ended = true));
  for (;;) {
    const whose = await whoAnswers(child.pid ?? 0, start.ports);
    const isOurs = whose === 'ours' || (whose === 'unknown' && Date.now() - startedAt > provenMs);
    const served = isOurs && !ended ? await start.serves() : false;
    if (ended) {
      const isPortLost = /address already in use|could not bind/i.test(tailOf(logFile, 50));
      return failed(home, part, tailOf(logFile, 5) || `${command} could not be run`, isPortLost);
    }
    if (served === true) return child;
    if (typeof served === 'string') return failed(home, part, served);
    if (whose === 'foreign') return failed(home, part, 'another program answers at its port', true);
    if (Date.now() - startedAt > start.withinMs) {
      return failed(home, part, tailOf(logFile, 5) || `no answer within ${start.withinMs / 1_000} s`);
    }
    await sleep(50);
  }
}

async function failed(home: Home, part: PartName, why: string, isPortLost = false): Promise<FailedStart> {
  await endProcess(home, part);
  return { why, isPortLost };
}

async function whoAnswers(pid: number, ports: readonly number[]): Promise<'none' | 'ours' | 'foreign' | 'unknown'> {
  for (const port of ports) if (!(await accepts(port))) return 'none';
  const owners = ports.map((port) => ownsPort(pid, port));
  if (owners.includes(false)) return 'foreign';
  return owners.includes(null) ? 'unknown' : 'ours';
}

/** Whether something on this machine accepts connections at a port. */
export async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
