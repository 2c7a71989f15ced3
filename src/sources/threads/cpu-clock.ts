import { readFileSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';

/** Ticks of the clock in which Linux counts CPU time. */
const tickMs = 10;

/** The CPU time that a thread of this process has taken, in milliseconds; null if the system does not say. */
export function cpuMsOf(threadId: number): number | null {
  try {
    const stat = readFileSync(`/proc/self/task/${threadId}/stat`, 'latin1');
    // Behind its name, which may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    return Number.isFinite(ticks) ? ticks * tickMs : null;
  } catch {
    return null;
  }
}

/** The time that its event loop was busy: elsewhere the nearest to CPU time. */
export function activeMsOf(worker: Worker): number {
  return worker.performance.eventLoopUtilization().active;
}
