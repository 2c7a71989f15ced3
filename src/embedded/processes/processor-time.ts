import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { systemEnvironment } from '../../config/environment/child-environment.ts';

/**
 * Processor time of a group of processes, by the number of its first one: of those that live, and of those that have ended and were
 * waited for. Null if the system does not tell.
 */
export function processorSeconds(group: number): number | null {
  try {
    if (process.platform === 'linux') return fromProc(group);
    return process.platform === 'win32' ? null : fromPs(group);
  } catch {
    return null;
  }
}

/** The unit of times in /proc, whatever the machine. */
const ticksPerSecond = 100;

function fromProc(group: number): number {
  let ticks = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      // From the state on: the command before may hold spaces.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(fields[2]) === group) ticks += fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    } catch {
      // It has ended meanwhile.
    }
  }
  return ticks / ticksPerSecond;
}

function fromPs(group: number): number {
  const text = execFileSync('ps', ['-ax', '-o', 'pgid=,time='], { encoding: 'utf8', env: systemEnvironment() });
  return text.split('\n').reduce((sum, line) => {
    const [id, time = ''] = line.trim().split(/\s+/);
    // Minutes and seconds, perhaps with hours before.
    return Number(id) === group ? sum + time.split(':').reduce((total, part) => total * 60 + Number(part), 0) : sum;
  }, 0);
}
