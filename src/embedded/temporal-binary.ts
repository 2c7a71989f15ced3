import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../domain/errors.ts';
import type { Announce } from './announce.ts';
import { EmbeddedUnavailable } from './embedded-unavailable.ts';

/** The last version that `go install` can build; later ones have a `replace` in their go.mod. */
const version = 'v1.5.1';
const goPackage = `github.com/temporalio/cli/cmd/temporal@${version}`;
const executable = process.platform === 'win32' ? 'temporal.exe' : 'temporal';

/** What of the environment the search depends on. */
export interface Surroundings {
  /** The user's cache folder for Daybook. */
  readonly cacheFolder: string;
  /** The environment that children get. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

type Attempt = { readonly ok: true; readonly file: string } | { readonly ok: false; readonly why: string };

/**
 * Finds the Temporal CLI, which holds the server: on the PATH, built or downloaded before, downloaded now by Temporal's
 * SDK, or built now with Go.
 * @throws EmbeddedUnavailable
 */
export async function findTemporal(
  surroundings: Surroundings,
  announce: Announce,
  signal?: AbortSignal,
): Promise<string> {
  const present = presentTemporal(surroundings);
  if (present !== null) return present;
  const folder = cacheOf(surroundings);
  mkdirSync(folder, { recursive: true });
  const download = await downloadTemporal(folder, surroundings, announce, signal);
  signal?.throwIfAborted();
  if (download.ok) return download.file;
  const build = await buildTemporal(folder, surroundings, announce, signal);
  if (build.ok) return build.file;
  throw new EmbeddedUnavailable(
    [
      'embedded: found no Temporal server, expected one of:',
      '  temporal on the PATH           not there',
      `  a download by Temporal's SDK   ${download.why}`,
      `  a build with Go                ${build.why}`,
      'Install the Temporal CLI or Go, or set TEMPORAL_ADDRESS to a server of your own.',
    ].join('\n'),
  );
}

/** The Temporal CLI if it is at hand: on the PATH, or built or downloaded before. */
export function presentTemporal(surroundings: Surroundings): string | null {
  const path = surroundings.variables['PATH'] ?? '';
  const onPath = path
    .split(delimiter)
    .map((entry) => join(entry, executable))
    .find(isRunnable);
  if (onPath !== undefined) return onPath;
  const folder = cacheOf(surroundings);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const name =
    names.find((entry) => entry === executable) ??
    names.find((entry) => entry.startsWith('temporal-') && !entry.endsWith('.downloading'));
  return name !== undefined && isRunnable(join(folder, name)) ? join(folder, name) : null;
}

async function downloadTemporal(
  folder: string,
  surroundings: Surroundings,
  announce: Announce,
  signal: AbortSignal | undefined,
): Promise<Attempt> {
  const program = fileURLToPath(new URL('../../dist/embedded/download-temporal.js', import.meta.url));
  const failure = await run(process.execPath, [program, folder], surroundings.variables, signal, (seconds) =>
    announce(`downloading the Temporal server (once) … ${seconds} s`),
  );
  const file = presentTemporal(surroundings);
  return file !== null ? { ok: true, file } : { ok: false, why: failure ?? 'left no program behind' };
}

async function buildTemporal(
  folder: string,
  surroundings: Surroundings,
  announce: Announce,
  signal: AbortSignal | undefined,
): Promise<Attempt> {
  const unfinished = join(folder, `unfinished-${process.pid}`);
  const variables = { ...surroundings.variables, GOBIN: unfinished };
  const failure = await run('go', ['install', goPackage], variables, signal, (seconds) =>
    announce(`building the Temporal server with Go (once, about 3 minutes) … ${seconds} s`),
  );
  if (failure !== null) return { ok: false, why: failure };
  const file = join(folder, executable);
  renameSync(join(unfinished, executable), file);
  rmSync(unfinished, { recursive: true, force: true });
  return { ok: true, file };
}

/** Runs a program and tells every ten seconds that it still does; returns why it failed, or null. */
async function run(
  command: string,
  args: readonly string[],
  variables: Surroundings['variables'],
  signal: AbortSignal | undefined,
  progress: (seconds: number) => void,
): Promise<string | null> {
  const startedAt = Date.now();
  const tell = () => progress(Math.round((Date.now() - startedAt) / 1000));
  tell();
  const timer = setInterval(tell, 10_000);
  const child = spawn(command, [...args], {
    env: { ...variables },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(signal ? { signal } : {}),
  });
  const kill = () => child.kill();
  process.once('exit', kill);
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-2_000)));
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return code === 0 ? null : lastReason(output) || `exit code ${code}`;
  } catch (error) {
    return (error as { code?: string }).code === 'ENOENT' ? `${command} is not installed` : messageOf(error);
  } finally {
    clearInterval(timer);
    process.off('exit', kill);
  }
}

/** The end of a chain of causes is what says what is wrong. */
function lastReason(output: string): string {
  const line = output.trim().split('\n').at(-1) ?? '';
  return line.split(': ').slice(-2).join(': ').slice(0, 200);
}

function cacheOf({ cacheFolder }: Surroundings): string {
  return join(cacheFolder, `temporal-${version.slice(1)}`);
}

function isRunnable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
