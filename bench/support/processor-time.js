// Processor time of a stack by part, as Linux counts it. Elsewhere there are no such figures.
import { readdirSync, readFileSync } from 'node:fs';

/** The unit of times in /proc, whatever the machine. */
const msPerTick = 10;

/** The parts of the stack that a process started, with the processes that each has started. */
export function partsOf(root) {
  const processes = new Map(list().map((seen) => [seen.pid, seen]));
  const parts = { up: [], worker: [], temporal: [], postgres: [], other: [] };
  for (const seen of processes.values()) {
    const branch = branchOf(seen, processes, root);
    if (branch !== null) parts[branch].push(seen);
  }
  return parts;
}

/** Milliseconds of each part since it was started, with those of processes that ended and were waited for. */
export function processorMs(root) {
  const entries = Object.entries(partsOf(root));
  return Object.fromEntries(entries.map(([part, seen]) => [part, seen.reduce((ms, one) => ms + one.ms, 0)]));
}

/** Milliseconds of one process. */
export function processMs(pid) {
  return read(pid)?.ms ?? 0;
}

function branchOf(seen, processes, root) {
  if (seen.pid === root) return 'up';
  let branch = seen;
  while (branch.parent !== root) {
    branch = processes.get(branch.parent);
    if (branch === undefined) return null;
  }
  if (branch.command.includes(' --db-filename ')) return 'temporal';
  if (/postgres(?:\.exe)? -D /.test(branch.command)) return 'postgres';
  return branch.command.includes(' worker') ? 'worker' : 'other';
}

function list() {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => read(Number(name)))
    .filter((seen) => seen !== null);
}

function read(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // From the state on: the command before may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((total, field) => total + Number(field), 0);
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return { pid, parent: Number(fields[1]), command, ms: ticks * msPerTick };
  } catch {
    // It has ended meanwhile, or there is no /proc.
    return null;
  }
}
