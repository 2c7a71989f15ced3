import type { WorkerThread } from '../threads/worker-thread.ts';

const watchMs = 250;
/** CPU time without an answer after which the thread gets the lowest priority. */
const lowCpuMs = 500;

/**
 * Watches that a thread returns to its event loop: it is pinged, and the CPU time until its answer is counted. Waiting time is not
 * counted.
 */
export class LoopMonitor {
  readonly #thread: WorkerThread;
  readonly #ask: () => void;
  #timer: NodeJS.Timeout | null = null;
  /** CPU time when it was asked; null = it has answered. */
  #askedAtMs: number | null = null;

  constructor(thread: WorkerThread, ask: () => void) {
    this.#thread = thread;
    this.#ask = ask;
  }

  /** @param onOver called where it takes more than the limit */
  begin(limitMs: number, onOver: () => void): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = setInterval(() => {
      const askedAtMs = this.#askedAtMs;
      if (askedAtMs === null) {
        this.#askedAtMs = this.#thread.cpuMs();
        this.#ask();
        return;
      }
      const takenMs = this.#thread.cpuMs() - askedAtMs;
      if (takenMs > lowCpuMs) this.#thread.lowerPriority();
      if (takenMs <= limitMs) return;
      // This thread may itself be delayed and have an unread answer: it reads that before the immediate runs.
      setImmediate(() => {
        if (this.#timer && this.#askedAtMs === askedAtMs) onOver();
      });
    }, watchMs);
  }

  answered(): void {
    this.#askedAtMs = null;
  }

  /** Nothing is running: no limit applies. */
  rest(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }
}
