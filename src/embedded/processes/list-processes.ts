import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { systemEnvironment } from '../../config/environment/child-environment.ts';

/** A process of this machine, as any user may see it. */
export interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  /** Program and arguments, separated by blanks. */
  readonly command: string;
}

/** The processes that run; none if the system does not tell. */
export function listProcesses(): readonly SeenProcess[] {
  if (process.platform === 'linux') return fromProc();
  return process.platform === 'win32' ? [] : fromPs();
}

function fromProc(): SeenProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      const parent = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1];
      return command === '' ? [] : [{ pid: Number(name), parent: Number(parent ?? 0), command }];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

function fromPs(): SeenProcess[] {
  try {
    const text = execFileSync('ps', ['-axww', '-o', 'pid=,ppid=,command='], {
      encoding: 'utf8',
      env: systemEnvironment(),
      maxBuffer: 64 * 1024 ** 2,
    });
    return text.split('\n').flatMap((line) => {
      const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*\S)\s*$/.exec(line) ?? [];
      return command === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
    });
  } catch {
    return [];
  }
}
