import type { WorkerThread } from '../threads/worker-thread.ts';

const watchMs = 250;
/** CPU time without an answer after which the thread gives way to everything else. */
const lowCpuMs = 500;

/**
 * Watches that a thread comes back to its event loop: it is asked for an answer, and the CPU time that it takes until it gives
 * one is counted. Time in which it waits for something is not.
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
      // An answer may have come that this thread, itself held up, has not read yet: it does so before the immediate runs.
      setImmediate(() => {
        if (this.#timer && this.#askedAtMs === askedAtMs) onOver();
      });
    }, watchMs);
  }

  answered(): void {
    this.#askedAtMs = null;
  }

  /** Nothing is under way: it may do as it likes. */
  rest(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }
}
