import { spawn, type ChildProcess } from 'node:child_process';
import { until } from '../until.ts';

export interface ContainerSettings {
  /** The image's `/app`. */
  readonly folder: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface Executed {
  /** Null after a signal. */
  readonly code: number | null;
  readonly output: string;
}

/** What would be a container, as a plain process: it has the environment that is named, and nothing of this process's. */
export class Container {
  readonly #settings: ContainerSettings;
  readonly #child: ChildProcess;
  output = '';

  constructor(settings: ContainerSettings) {
    this.#settings = settings;
    this.#child = this.#spawn([...settings.entrypoint, ...settings.command]);
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
  }

  #spawn(words: readonly string[]): ChildProcess {
    const [program = '', ...args] = words;
    const { folder, environment } = this.#settings;
    return spawn(program, args, { cwd: folder, env: { PATH: process.env['PATH'], ...environment } });
  }

  /** Waits for its end; returns the exit code, null after a signal. */
  async ended(withinMs = 60_000): Promise<number | null> {
    await until(
      () => `${this.#settings.command.join(' ')} ends:\n${this.output}`,
      () => this.#child.exitCode !== null || this.#child.signalCode !== null,
      withinMs,
    );
    return this.#child.exitCode;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Runs a program beside it, as a health check does; killed after a while, since what it waits for may never come. */
  async exec(words: readonly string[], withinMs = 60_000): Promise<Executed> {
    const child = this.#spawn(words);
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    clearTimeout(timer);
    return { code, output };
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}
