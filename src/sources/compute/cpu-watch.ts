import type { ComputeThread } from './compute-thread.ts';
import type { TraceView } from './trace.ts';
import type { Attempt } from './attempt.ts';

/** A job that took more than it may: by one record, or by the page as a whole. */
export interface Overrun {
  readonly kind: 'record' | 'page';
  readonly at: TraceView;
}

/** Watches the CPU time that a thread takes for a job, and for each record of it. */
export class CpuMonitor {
  readonly #thread: ComputeThread;
  readonly #attempt: Attempt;
  #startMs: number;
  #latestMs: number;
  #record: number | null = null;
  #recordStartMs: number;

  constructor(thread: ComputeThread, attempt: Attempt) {
    this.#thread = thread;
    this.#attempt = attempt;
    this.#startMs = thread.cpuMs();
    this.#latestMs = this.#startMs;
    this.#recordStartMs = this.#startMs;
  }

  /** CPU time of the job up to the last look. */
  get cpuMs(): number {
    return this.#latestMs - this.#startMs;
  }

  /** Checks how much it has taken by now; null = within its limits. */
  look(): Overrun | null {
    const at = this.#thread.trace();
    const before = this.#latestMs;
    this.#latestMs = this.#thread.cpuMs();
    // What it loads beforehand does not count.
    if (!at) this.#startMs = this.#latestMs;
    if (!at || at.record !== this.#record) {
      this.#record = at?.record ?? null;
      // It began since the last look: what has passed since then may be others'.
      this.#recordStartMs = at ? this.#latestMs : before;
    }
    if (!at) return null;
    const { limits, unlimited } = this.#attempt;
    if (this.cpuMs > limits.pageCpuMs) return { kind: 'page', at };
    const isLimited = this.#record !== null && !unlimited.has(this.#record);
    return isLimited && this.#latestMs - this.#recordStartMs > limits.recordCpuMs ? { kind: 'record', at } : null;
  }
}
