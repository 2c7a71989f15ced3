// Memory of a process over time, as Linux counts it.
import { readFileSync } from 'node:fs';
import { rounded } from './statistics.js';

const everyMs = 250;

/** Notes the memory of a process until it is stopped. Times are in milliseconds since 1970. */
export class MemoryWatch {
  #pid;
  #timer;
  #samples = [];

  constructor(pid) {
    this.#pid = pid;
    this.#note();
    this.#timer = setInterval(() => this.#note(), everyMs);
  }

  stop() {
    clearInterval(this.#timer);
    this.#note();
  }

  /** Megabytes at most since the process was started; null where the system does not say. */
  peakMb() {
    return megabytes(this.#pid, 'VmHWM');
  }

  /** The most megabytes that were seen between two times. */
  mostBetween(fromMs, toMs) {
    const seen = this.#samples.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
    return seen.length === 0 ? null : Math.max(...seen.map(({ mb }) => mb));
  }

  #note() {
    const mb = megabytes(this.#pid, 'VmRSS');
    if (mb !== null) this.#samples.push({ atMs: Date.now(), mb });
  }
}

function megabytes(pid, field) {
  try {
    const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return rounded(Number(kilobytes) / 1024);
  } catch {
    return null;
  }
}
