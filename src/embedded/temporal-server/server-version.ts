import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { systemEnvironment } from '../../config/environment/child-environment.ts';
import { replaceFile } from '../home/durable-file.ts';
import type { Home } from '../home/home.ts';

type Place = Pick<Home, 'path'>;

/** A Temporal CLI, and the version of the server that it holds; null = it does not say. */
export interface ServerProgram {
  readonly file: string;
  readonly version: string | null;
}

const isVersion = /^\d+\.\d+\.\d+\S{0,40}$/;

export function hasDatabase(home: Place): boolean {
  return existsSync(home.path('temporal.db'));
}

/** The version of the server that made the home's database; null = there is none yet, or it is not known. */
export function makerOf(home: Place): string | null {
  if (!hasDatabase(home)) return null;
  try {
    const text = readFileSync(makerFile(home), 'utf8').trim();
    return isVersion.test(text) ? text : null;
  } catch {
    return null;
  }
}

/**
 * Remembers which server made the home's database, beside it. To be called before that server opens it: where another version could
 * open it, only that one can from then on.
 */
export function rememberMaker(home: Place, { version }: ServerProgram): void {
  if (version !== null && makerOf(home) !== version) replaceFile(makerFile(home), `${version}\n`);
}

/** `temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)` */
export function describeProgram(file: string): ServerProgram {
  try {
    const text = execFileSync(file, ['--version'], {
      encoding: 'utf8',
      env: systemEnvironment(),
      timeout: 30_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const version = /\bserver v?([^\s,)]+)/i.exec(text)?.[1] ?? '';
    return { file, version: isVersion.test(version) ? version : null };
  } catch {
    return { file, version: null };
  }
}

/** Whether a version comes before another one. */
export function isOlder(version: string, other: string): boolean {
  const numbers = (text: string) => text.split(/[.+-]/, 3).map(Number);
  const [left, right] = [numbers(version), numbers(other)];
  const index = left.findIndex((number, at) => number !== right[at]);
  return index >= 0 && (left[index] ?? 0) < (right[index] ?? 0);
}

function makerFile(home: Place): string {
  return home.path('temporal.version');
}
