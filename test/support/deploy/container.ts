import { spawn, type ChildProcess } from 'node:child_process';
import { until } from '../until.ts';

export interface ContainerSettings {
  /** The image's `/app`. */
  readonly folder: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
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
      `${this.#settings.command.join(' ')} ends:\n${this.output}`,
      () => this.#child.exitCode !== null || this.#child.signalCode !== null,
      withinMs,
    );
    return this.#child.exitCode;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Runs a program beside it, as a health check does; returns the exit code. */
  async exec(words: readonly string[]): Promise<number | null> {
    const child = this.#spawn(words);
    return new Promise((resolve) => child.once('close', resolve));
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}
