import { execFile, spawn, type ChildProcess, type ExecFileOptions } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Home } from '../../src/embedded/home/home.ts';
import { runInProcess } from './in-process-cli.ts';
import { until } from './until.ts';

export const launcher = fileURLToPath(new URL('../../daybook', import.meta.url));

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Commands that set up Temporal's runtime, of which a process has one, and that answer to signals. */
const needsProcess: ReadonlySet<string> = new Set(['up', 'worker']);
/** They do so where no worker is there for what they start. */
const needsWorker: ReadonlySet<string> = new Set(['run', 'smoke']);

/** Test files run side by side, each in its own process: two must not ask for the same port. */
const httpPort = 20_000 + (process.pid % 10_000);

/** A folder to use `daybook` in like a user: own home, own data, none of this process's settings. */
export class CliSandbox {
  readonly folder: string;
  readonly #variables: Record<string, string | undefined>;

  constructor(folder: string, variables: Record<string, string | undefined> = {}) {
    this.folder = folder;
    this.#variables = { ...process.env, DAYBOOK_HTTP: `127.0.0.1:${httpPort}`, ...variables };
  }

  /** Gives its stack its own ports: while a part is down, no other stack on this machine may take its place. */
  claimPorts(): void {
    const port = 10_000 + (process.pid % 3_000) * 3;
    mkdirSync(join(this.folder, '.daybook'));
    const ports = { postgres: port, temporal: port + 1, temporalUi: port + 2 };
    writeFileSync(join(this.folder, '.daybook', 'stack.json'), JSON.stringify({ ports }));
  }

  /**
   * Runs a command to its end: in this process, unless it starts a worker.
   * @param options `apart`: whether it is a process of its own. `up` needs none where it is refused, nor does `worker` where its
   * configuration is.
   */
  async run(
    args: readonly string[],
    options: { apart?: boolean; variables?: Record<string, string> } = {},
  ): Promise<CommandResult> {
    const variables = { ...this.#variables, ...options.variables };
    const isApart = options.apart ?? this.#needsProcess(args, variables);
    if (!isApart) return runInProcess(args, this.folder, variables);
    const how = { cwd: this.folder, env: variables, timeout: 120_000, maxBuffer: 256 * 1024 * 1024 };
    return toEnd(process.execPath, [launcher, ...args], how);
  }

  #needsProcess([command = '', ...rest]: readonly string[], variables: Record<string, string | undefined>): boolean {
    if (needsProcess.has(command)) return true;
    if (!needsWorker.has(command) || variables['TEMPORAL_ADDRESS']) return false;
    const home = join(this.folder, '.daybook', rest.includes('--demo') ? 'demo' : '');
    return !new Home(home).isRunning('worker');
  }

  /** Runs a command that is refused before it starts anything: in this process. */
  async refused(args: readonly string[], variables: Record<string, string> = {}): Promise<CommandResult> {
    return this.run(args, { apart: false, variables });
  }

  /** Runs shell commands that call `./daybook`, as a document shows them, up to the first that fails. */
  async shell(script: string): Promise<CommandResult> {
    if (!existsSync(join(this.folder, 'daybook'))) symlinkSync(launcher, join(this.folder, 'daybook'));
    const options = { cwd: this.folder, env: this.#variables, timeout: 120_000 };
    return toEnd('bash', ['-euc', script], options);
  }

  /** Names of the files and folders here. */
  files(): string[] {
    return readdirSync(this.folder).sort();
  }

  /** Starts a command that keeps running. */
  start(args: readonly string[], home = ''): RunningDaybook {
    const child = spawn(process.execPath, [launcher, ...args], {
      cwd: this.folder,
      env: this.#variables,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new RunningDaybook(child, join(this.folder, '.daybook', home));
  }
}

/** Runs a program to its end. A signal or a timeout has no code. */
function toEnd(program: string, args: readonly string[], options: ExecFileOptions): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(program, args, { ...options, encoding: 'utf8' }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ code, stdout, stderr });
    });
  });
}

export class RunningDaybook {
  readonly #child: ChildProcess;
  readonly #home: string;
  output = '';

  constructor(child: ChildProcess, home: string) {
    this.#child = child;
    this.#home = home;
    child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits until the output shows something. */
  async shows(text: string, withinMs = 60_000): Promise<void> {
    await until(
      `"${text}" in:\n${this.output}`,
      () => this.output.includes(text) || this.#child.exitCode !== null,
      withinMs,
    );
    if (!this.output.includes(text)) throw new Error(`ended without "${text}":\n${this.output}`);
  }

  /** Pids of the parts that the home remembers. */
  partPids(): number[] {
    return Object.values(this.parts());
  }

  /** The same, by name. */
  parts(): Record<string, number> {
    try {
      const { processes } = JSON.parse(readFileSync(join(this.#home, 'stack.json'), 'utf8')) as {
        processes: Record<string, { pid: number }>;
      };
      return Object.fromEntries(Object.entries(processes).map(([name, { pid }]) => [name, pid]));
    } catch {
      return {};
    }
  }

  /** Kills it and all its parts, as a power cut would. */
  async killAll(): Promise<void> {
    for (const pid of [-this.pid, ...this.partPids()]) signal(pid, 'SIGKILL');
    await until('it is dead', () => this.#child.exitCode !== null || this.#child.signalCode !== null);
  }

  /** Its output is no longer read, as if Ctrl-C ended `| tee` first. */
  hangUp(): void {
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  /** Presses Ctrl-C and returns the exit code. */
  async stop(withinMs = 30_000): Promise<number | null> {
    signal(this.pid, 'SIGINT');
    return this.ended(withinMs);
  }

  /** Waits until it ends, and returns the exit code. */
  async ended(withinMs = 30_000): Promise<number | null> {
    await until(
      `it has stopped:\n${this.output}`,
      () => this.#child.exitCode !== null || this.#child.signalCode !== null,
      withinMs,
    );
    return this.#child.exitCode;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone already.
  }
}
