import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Announce } from '../processes/managed-process.ts';
import { clusterFolders } from '../postgres-server/cluster-folder.ts';
import { findStack, hasCluster } from './find-parts.ts';
import { identifyFolder, isCopy } from './folder-identity.ts';
import { partNames, type Home } from './home.ts';
import { hasDatabase } from '../temporal-server/server-version.ts';

/**
 * Makes what a home knows of its stack whole again: `stack.json` that is damaged or gone, parts that run and are not known, and a
 * lock file of PostgreSQL that it would stumble over. Nothing is asked of a server for that. The password cannot be found: the next
 * start of PostgreSQL sets it again.
 */
export function recoverHome(home: Home, announce: Announce): void {
  const found = findStack(home);
  const what = problemOf(home);
  if (what !== null) {
    home.recover({ ports: { ...found.ports, ...home.ports }, processes: { ...home.processes, ...found.processes } });
    announce(`${home.path('stack.json')} ${what}; recovered ${described(home)}`);
  }
  for (const part of partNames) {
    const seen = found.processes[part];
    if (!seen || home.isRunning(part)) continue;
    announce(`found a running ${part} of this home (process ${seen.pid}) that was not recorded`);
    home.rememberProcess(part, seen.pid);
  }
  // Where no list of processes can be had, no one knows who holds the lock.
  if (found.processes.postgres === undefined && process.platform !== 'win32') removeBrokenLock(home, announce);
}

/** What is wrong with `stack.json`; null = nothing, or the home has no data yet. */
function problemOf(home: Home): string | null {
  const { damage, ports, processes, password } = home;
  if (damage !== null) return `is damaged (${damage})`;
  const knows = password !== null || [ports, processes].some((known) => Object.keys(known).length > 0);
  if (knows || !(hasCluster(home) || hasDatabase(home))) return null;
  return existsSync(home.path('stack.json')) ? 'is damaged (empty)' : 'is missing';
}

function described({ ports, processes }: Home): string {
  const parts = partNames.flatMap((part) => (processes[part] ? [`${part} (process ${processes[part].pid})`] : []));
  const known = Object.entries(ports).map(([name, port]) => `${name} ${port}`);
  const running = parts.length === 0 ? 'no running process' : `running processes: ${parts.join(', ')}`;
  return `${running}${known.length === 0 ? '' : `; ports: ${known.join(', ')}`}`;
}

/**
 * PostgreSQL takes a lock file that is empty or broken for that of another start, and one that came with a copy of the folder for
 * that of a server which runs here. It would never start.
 */
function removeBrokenLock(home: Home, announce: Announce): void {
  for (const folder of clusterFolders(home)) {
    const file = join(folder, 'postmaster.pid');
    let why: string | null;
    try {
      why = lockProblem(readFileSync(file, 'utf8'), folder);
    } catch {
      continue;
    }
    if (why === null) continue;
    rmSync(file, { force: true });
    announce(`${file} ${why}, and no PostgreSQL runs there; the file is removed`);
  }
}

/** The file names a process, and below it the folder in which that runs. */
function lockProblem(text: string, folder: string): string | null {
  const [pid = '', runsIn = ''] = text.split('\n');
  if (!/^-?\d+\s*$/.test(pid)) return 'was damaged';
  return isCopy(identifyFolder(runsIn), folder) ? `came with a copy of ${runsIn}` : null;
}
