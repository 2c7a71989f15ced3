import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sha256 } from '../../formats/sha256.ts';
import type { HomeFolder } from '../home/home-folder.ts';
import { canReach, type SystemUser } from './postgres-user.ts';

/** A home that PostgreSQL's group may be let through. */
interface SharedHome extends HomeFolder {
  letPass(group: number): void;
}

/** Where the clusters of homes are that PostgreSQL's user cannot reach. */
const elsewhere = '/var/lib/daybook';

/** Where the home's cluster may be: in the home, or else outside. */
export function clusterFolders(home: HomeFolder): readonly [inHome: string, outside: string] {
  const name = sha256(home.folder).slice(0, 16);
  return [home.path('postgres'), join(elsewhere, name, 'postgres')];
}

export function isCluster(folder: string): boolean {
  return existsSync(join(folder, 'PG_VERSION'));
}

/**
 * Where the cluster lives: in the home, unless PostgreSQL runs as another user who cannot reach it there (a clone under
 * a 0700 folder). Such a user may pass through the home, and see nothing in it.
 */
export function clusterFolder(home: SharedHome, user: SystemUser | null): string {
  const [inHome, outside] = clusterFolders(home);
  if (!user) return inHome;
  if (!isCluster(inHome) && !canReach(user, dirname(home.folder))) return outside;
  home.letPass(user.gid);
  return inHome;
}
