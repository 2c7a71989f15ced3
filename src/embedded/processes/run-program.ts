import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../domain/errors.ts';
import { processorSeconds } from './processor-time.ts';

/** A program that may take long, and may hang. */
export interface LongProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Where it puts what it makes; what arrives there counts as progress. */
  readonly folder: string;
  /** It is ended after this long without progress. */
  readonly idleMs: number;
  readonly signal: AbortSignal | undefined;
  /** Called every ten seconds with the time it has been running. */
  readonly onProgress: (seconds: number) => void;
}

const lookMs = 500;
const reportEveryMs = 10_000;
/** Less than this share of a processor is what a program takes that only waits; a busy machine may leave it little more. */
const busyShare = 0.02;

/**
 * Runs a program to its end. It makes progress while it prints something, its folder grows or changes, or it and what it has
 * started use a fiftieth of a processor at least. @returns why it failed; null = it did not
 */
export async function runProgram(program: LongProgram): Promise<string | null> {
  const { command, args, variables, signal } = program;
  if (signal?.aborted) return 'it was stopped';
  const startedAt = Date.now();
  const child = spawn(command, [...args], {
    env: { ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that it ends with all that it has started.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  const kill = () => killGroup(child.pid);
  let said = '';
  let hears = 0;
  child.stdout.on('data', () => hears++);
  child.stderr.on('data', (chunk: Buffer) => {
    hears++;
    said = (said + chunk.toString()).slice(-4_000);
  });
  let stopped: string | null = null;
  const stop = (why: string) => {
    stopped ??= why;
    kill();
  };
  const watch = new ProgressWatch();
  const looking = setInterval(() => {
    if (watch.idleMs([hears, sizeOf(program.folder)], child.pid ?? 0) > program.idleMs) {
      stop(`no progress for ${program.idleMs / 1_000} s`);
    }
  }, lookMs);
  const reporting = setInterval(() => program.onProgress(Math.round((Date.now() - startedAt) / 1_000)), reportEveryMs);
  const aborted = () => stop('it was stopped');
  signal?.addEventListener('abort', aborted, { once: true });
  process.once('exit', kill);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return stopped ?? (code === 0 ? null : lastReason(said) || `exit code ${code}`);
  } catch (error) {
    return (error as { code?: string }).code === 'ENOENT' ? `${command} is not installed` : messageOf(error);
  } finally {
    clearInterval(looking);
    clearInterval(reporting);
    signal?.removeEventListener('abort', aborted);
    process.off('exit', kill);
  }
}

/** How long a program makes no progress. A look that comes late counts little: this process, or the machine, was asleep. */
class ProgressWatch {
  #seen = '';
  #seconds = 0;
  #at = Date.now();
  #lookedAt = Date.now();
  #idleMs = 0;

  idleMs(signs: readonly number[], pid: number): number {
    const now = Date.now();
    const seen = signs.join();
    const seconds = processorSeconds(pid);
    // A system that does not tell leaves it to the program itself to give up.
    const isBusy = seconds === null || Math.abs(seconds - this.#seconds) * 1_000 > busyShare * (now - this.#at);
    this.#idleMs += Math.min(now - this.#lookedAt, 2 * lookMs);
    this.#lookedAt = now;
    if (seen !== this.#seen || isBusy) {
      [this.#seen, this.#seconds, this.#at] = [seen, seconds ?? 0, now];
      this.#idleMs = 0;
    }
    return this.#idleMs;
  }
}

/** Bytes of all files below a folder; 0 where there is none. */
function sizeOf(folder: string): number {
  try {
    const sizes = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(
      (name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0,
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch {
    return 0;
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** The end of a chain of causes is what says what is wrong; of a traceback, its last line; of pip, its last error. */
function lastReason(said: string): string {
  const lines = said.trim().split('\n');
  const line = (lines.findLast((each) => each.startsWith('ERROR: ')) ?? lines.at(-1) ?? '').replace(/^ERROR: /, '');
  return line.split(': ').slice(-2).join(': ').slice(0, 200);
}
