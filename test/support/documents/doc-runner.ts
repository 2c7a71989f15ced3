import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { until } from '../until.ts';
import type { Step } from './document-blocks.ts';
import { isAsShown } from './shown-output.ts';

const project = fileURLToPath(new URL('../../..', import.meta.url));

/** What a clone does not hold, what is linked to instead, and what no document needs. */
const notCopied = new Set(['.git', '.daybook', 'data', 'node_modules', 'bench', 'test']);

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
}

/** Follows a document literally in a fresh clone. */
export class DocRunner {
  readonly #clone: string;
  readonly #started = new Map<string, Started>();
  /** What the shell of earlier blocks exported. */
  readonly #exports: string;

  /** @param folder new and empty */
  constructor(folder: string) {
    this.#clone = join(folder, 'daybook');
    this.#exports = join(folder, 'exports.sh');
    mkdirSync(this.#clone);
    const isWanted = (path: string) => !notCopied.has(relative(project, path).split(sep)[0] ?? '');
    cpSync(project, this.#clone, { recursive: true, filter: isWanted });
    symlinkSync(join(project, 'node_modules'), join(this.#clone, 'node_modules'));
    writeFileSync(this.#exports, '');
  }

  /** Runs a step. @throws if it does not go as the document says */
  async do(step: Step): Promise<void> {
    switch (step.does) {
      case 'write':
        return writeFileSync(join(this.#clone, step.file), step.text);
      case 'run':
        return this.#run(step.commands, step.shown, step.again);
      case 'start':
        return this.#start(step.commands, step.shown, step.ready);
      case 'stop':
        return this.#stop(step.commands);
      case 'pass over':
    }
  }

  /** Stops everything that is still running. */
  async leave(): Promise<void> {
    for (const commands of this.#started.keys()) await this.#stop(commands);
  }

  async #run(commands: string, shown: string | null, again: boolean): Promise<void> {
    let output = '';
    const goesWell = async () => {
      const { child, output: read } = this.#shell(`${commands}\n{ export -p > '${this.#exports}'; } 2>/dev/null`);
      const code = await ended(child);
      output = read();
      if (code !== 0 && !again) throw new Error(`exit code ${code}, expected 0, of:\n${commands}\n${output}`);
      if (code === 0 && (shown === null || isAsShown(output, shown, true))) return true;
      // To start a command takes CPU time from what it is to show.
      if (again) await sleep(1_000);
      return false;
    };
    if (again)
      await until(`it shows what the document says:\n${commands}`, goesWell, 30_000).catch((error: unknown) => {
        throw new Error(`${String(error)}\nfound:\n${output}`);
      });
    else if (!(await goesWell())) throw new Error(`found:\n${output}\nexpected, as the document shows:\n${shown}`);
  }

  async #start(commands: string, shown: string | null, ready: string): Promise<void> {
    const started = this.#shell(commands);
    this.#started.set(commands, started);
    await until(
      `${commands} shows "${ready}"`,
      () => {
        if (started.child.exitCode !== null) throw new Error(`${commands} ended:\n${started.output()}`);
        return started.output().includes(ready);
      },
      150_000,
    );
    if (shown !== null && !isAsShown(started.output(), shown, false)) {
      throw new Error(`found:\n${started.output()}\nexpected, as the document shows:\n${shown}`);
    }
  }

  /** Presses Ctrl-C, which reaches all of the terminal's foreground. */
  async #stop(commands: string): Promise<void> {
    const started = this.#started.get(commands);
    if (started?.child.pid === undefined) throw new Error(`"${commands}" was not started, expected it before its end`);
    this.#started.delete(commands);
    if (started.child.exitCode !== null) return;
    const end = ended(started.child);
    process.kill(-started.child.pid, 'SIGINT');
    await end;
  }

  #shell(commands: string): Started {
    const script = `exec 2>&1\n. '${this.#exports}'\nset -e\n${commands}`;
    const child = spawn('bash', ['-c', script], {
      cwd: this.#clone,
      env: ownEnvironment(),
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return { child, output: () => output };
  }
}

/** This process's environment without what would lead to other servers. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env);
  return Object.fromEntries(entries.filter(([name]) => !/^(?:DAYBOOK|PG|TEMPORAL|VITEST|NODE_ENV|npm_)/.test(name)));
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', (code) => resolve(code)));
}
