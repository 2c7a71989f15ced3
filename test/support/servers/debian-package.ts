import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readEnvironment } from '../../../src/config/environment/environment.ts';

/** A package of Debian (or Ubuntu) that is not installed, but unpacked into a folder. */
export interface DebianPackage {
  /** `usr/`, `etc/` and so on are in it. */
  readonly folder: string;
  /** What its programs need in their environment to find the libraries beside them. */
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * Fetches a package and its missing libraries once into the user's cache folder. Needs neither root nor an installation. Null if
 * that is impossible, with the reason on stderr.
 */
export function debianPackage(name: string): DebianPackage | null {
  const folder = join(readEnvironment({}).cacheFolder, 'debian', name);
  try {
    if (!existsSync(folder)) fetchInto(folder, name);
  } catch (error) {
    const { stderr, message } = error as { stderr?: Buffer; message: string };
    const reason = stderr?.toString().trim() || message;
    process.stderr.write(`skipped what needs Debian's package ${name}, for it cannot be had here: ${reason}\n`);
    return null;
  }
  return { folder, variables: { LD_LIBRARY_PATH: libraryFolders(folder).join(':') } };
}

function fetchInto(folder: string, name: string): void {
  mkdirSync(join(folder, '..'), { recursive: true });
  const unfinished = mkdtempSync(`${folder}.`);
  try {
    const pending = [name];
    const seen = new Set<string>();
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      pending.push(...unpack(next, unfinished).filter((library) => !isInstalled(library)));
    }
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // Another test may have fetched it meanwhile.
    if (!existsSync(folder)) throw error;
  }
}

/** Unpacks a package; returns the libraries that it depends on. */
function unpack(name: string, folder: string): string[] {
  const download = mkdtempSync(join(folder, 'download-'));
  try {
    run('apt-get', ['download', name], download);
  } catch {
    // A fresh machine does not have a package list yet.
    run('apt-get', ['update']);
    run('apt-get', ['download', name], download);
  }
  const file = join(download, readdirSync(download)[0] ?? '');
  run('dpkg-deb', ['-x', file, folder]);
  const depends = run('dpkg-deb', ['-f', file, 'Depends']);
  rmSync(download, { recursive: true });
  const first = depends.split(',').map((one) => /^\s*([^\s|(:]+)/.exec(one)?.[1] ?? '');
  return first.filter((library) => /^lib.*\d/.test(library));
}

function isInstalled(name: string): boolean {
  try {
    return run('dpkg-query', ['-W', '-f', '${Status}\n', name]).includes('install ok installed');
  } catch {
    return false;
  }
}

function run(program: string, args: readonly string[], cwd?: string): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe', ...(cwd === undefined ? {} : { cwd }) });
}

/** The folders that hold shared libraries. */
function libraryFolders(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return [...new Set(entries.filter(({ name }) => /\.so(\.|$)/.test(name)).map(({ parentPath }) => parentPath))];
}
