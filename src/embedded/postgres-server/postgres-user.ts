import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemEnvironment } from '../../config/environment/child-environment.ts';
import { messageOf } from '../../domain/errors.ts';
import { EmbeddedUnavailable } from '../embedded-unavailable.ts';

/** A system user, by number. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom PostgreSQL runs as: null for this process's own user; where that is root, which PostgreSQL refuses, the user
 * `postgres`, made if need be.
 * @throws EmbeddedUnavailable
 */
export function postgresUser(): SystemUser | null {
  if (process.getuid?.() !== 0) return null;
  const found = lookUp();
  if (found) return found;
  for (const [command, ...args] of [
    ['useradd', '--system', '--user-group', '--no-create-home', 'postgres'],
    ['adduser', '-S', '-D', '-H', 'postgres'],
  ] as const) {
    try {
      execFileSync(command, args, { stdio: 'ignore', env: systemEnvironment() });
    } catch {
      continue;
    }
    const made = lookUp();
    if (made) return made;
  }
  throw new EmbeddedUnavailable(
    'embedded: PostgreSQL refuses to run as root, and no user postgres could be made; run Daybook as another user, or set PG_HOST to a server of your own',
  );
}

/** Whether a user may enter a folder (or run a file), and every folder on the way to it. */
export function canReach(user: SystemUser, path: string): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    if (!mayEnter(user, folder)) return false;
    if (folder === dirname(folder)) return true;
  }
}

function mayEnter({ uid, gid }: SystemUser, folder: string): boolean {
  try {
    const stat = statSync(folder);
    if (stat.uid === uid) return (stat.mode & 0o100) !== 0;
    return (stat.mode & (stat.gid === gid ? 0o010 : 0o001)) !== 0;
  } catch (error) {
    throw new EmbeddedUnavailable(`embedded: ${folder} cannot be read: ${messageOf(error)}`);
  }
}

function lookUp(): SystemUser | null {
  try {
    const id = (flag: string) =>
      Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: 'pipe', env: systemEnvironment() }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return null;
  }
}
