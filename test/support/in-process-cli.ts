import { AsyncLocalStorage } from 'node:async_hooks';
import { resolve } from 'node:path';

/** What a command that runs inside this process sees of it, and what it says. */
interface Place {
  readonly folder: string;
  readonly variables: Record<string, string>;
  stdout: string;
  stderr: string;
}

const current = new AsyncLocalStorage<Place>();

/**
 * Runs a command line as `daybook` does, but in this process: starting Node and loading its modules takes longer than most
 * commands do. Environment, folder, output and exit code are the command's own, so commands may run side by side, and beside a
 * worker of the test. What a process of its own is needed for: commands that start a worker, signals, and a terminal.
 */
export async function runInProcess(
  args: readonly string[],
  folder: string,
  variables: Record<string, string | undefined>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const given = Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const place: Place = { folder, variables: Object.fromEntries(given), stdout: '', stderr: '' };
  takePlace();
  const { runCommandLine } = await import('../../src/cli/run-command-line.ts');
  const heard = signals.map((name) => ({ name, by: new Set(process.listeners(name)) }));
  try {
    const code = await current.run(place, () => runCommandLine(args));
    return { code, stdout: place.stdout, stderr: place.stderr };
  } finally {
    // Commands that serve hear them until their process ends, which is this one.
    for (const { name, by } of heard) {
      for (const listener of process.listeners(name)) if (!by.has(listener)) process.off(name, listener);
    }
  }
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

let taken = false;

/** Gives each command its own view of the process. */
function takePlace(): void {
  if (taken) return;
  taken = true;
  const { env } = process;
  const cwd = process.cwd.bind(process);
  Object.defineProperty(process, 'env', { configurable: true, get: () => current.getStore()?.variables ?? env });
  process.cwd = () => {
    const place = current.getStore();
    return place ? resolve(place.folder) : cwd();
  };
  take('stdout');
  take('stderr');
}

function take(name: 'stdout' | 'stderr'): void {
  const stream = process[name];
  const write = stream.write.bind(stream);
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
    const place = current.getStore();
    if (!place) return (write as (...args: unknown[]) => boolean)(chunk, ...rest);
    place[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    const done = rest.findLast((arg) => typeof arg === 'function') as (() => void) | undefined;
    if (done) queueMicrotask(done);
    return true;
  };
}
