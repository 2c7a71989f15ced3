import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clusterFolders, isCluster } from '../postgres-server/cluster-folder.ts';
import type { HomeFolder } from './home-folder.ts';
import { listProcesses, type SeenProcess } from '../processes/list-processes.ts';
import { identify, type ProcessIdentity } from '../processes/process-identity.ts';
import type { PartName, StackFile } from './stack-file.ts';

/** A part of a home that runs, found without what the home remembers. */
interface FoundPart {
  readonly part: PartName;
  readonly seen: SeenProcess;
}

/** The parts of a home that run, by what their command lines say. */
function runningParts(home: HomeFolder): FoundPart[] {
  return listProcesses().flatMap((seen) => {
    const part = partOf(home, seen);
    return part === null ? [] : [{ part, seen }];
  });
}

function partOf(home: HomeFolder, { pid, command }: SeenProcess): PartName | null {
  const text = `${command} `;
  if (clusterFolders(home).some((folder) => /postgres(?:\.exe)? /.test(text) && text.includes(` -D ${folder} `))) {
    return 'postgres';
  }
  if (text.includes(` --db-filename ${home.path('temporal.db')} `)) return 'temporal';
  if (text.includes('origin.js ') && text.includes(` ${join(home.folder, '/')}`)) return 'origin';
  return text.includes('main.js worker ') && homeOf(pid) === home.folder ? 'worker' : null;
}

/** What `up` told a worker; null if the system does not show it. */
function homeOf(pid: number): string | null {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return variables.find((variable) => variable.startsWith('DAYBOOK_HOME='))?.slice('DAYBOOK_HOME='.length) ?? null;
  } catch {
    return null;
  }
}

/** What can be known of a home's stack from its processes, and from what PostgreSQL left of its last start. */
export function findStack(home: HomeFolder): Pick<StackFile, 'ports' | 'processes'> {
  const found = runningParts(home);
  const commandOf = (part: PartName) => found.find((one) => one.part === part)?.seen.command ?? '';
  const numberIn = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
  const temporal = commandOf('temporal');
  const ports = {
    postgres: numberIn(commandOf('postgres') || lastStart(home), /\bport=(\d+)/),
    temporal: numberIn(temporal, / --port (\d+)/),
    temporalUi: numberIn(temporal, / --ui-port (\d+)/),
    origin: numberIn(commandOf('origin'), /origin\.js (\d+)/),
  };
  return {
    ports: Object.fromEntries(Object.entries(ports).filter(([, port]) => port > 0)),
    processes: Object.fromEntries(found.map(({ part, seen }) => [part, identify(seen.pid)])),
  };
}

/** The command line of PostgreSQL's last start, which it keeps beside its data. */
function lastStart(home: HomeFolder): string {
  for (const folder of clusterFolders(home)) {
    try {
      return readFileSync(join(folder, 'postmaster.opts'), 'utf8');
    } catch {
      // It was never started there.
    }
  }
  return '';
}

/** Whether the home has a database cluster. */
export function hasCluster(home: HomeFolder): boolean {
  return clusterFolders(home).some(isCluster);
}

/** The `up` or `run` that started parts of a home which run; null if none is found. */
export function findHolder(home: HomeFolder): ProcessIdentity | null {
  const processes = listProcesses();
  const parents = new Set(runningParts(home).map(({ seen }) => seen.parent));
  const holder = processes.find(
    ({ pid, command }) => parents.has(pid) && /\b(?:daybook|main\.js) (?:.* )?(?:up|run)\b/.test(command),
  );
  return holder ? identify(holder.pid) : null;
}
