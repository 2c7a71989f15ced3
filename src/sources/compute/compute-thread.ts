import type { ErrorWire } from '../../domain/error-wire.ts';
import { WorkerThread, type ThreadEnd } from '../threads/worker-thread.ts';
import type { Job } from './job.ts';
import { isRunning, readTrace, traceMemory, type TraceView } from './trace.ts';

export interface ThreadData {
  readonly memory: Int32Array;
}

/** The outcome of a job: its result, what it threw, or the end of its thread. */
export type ThreadAnswer = { readonly result: unknown } | { readonly error: ErrorWire };

/** The unexpected end of a thread, and what it was doing. */
export interface ThreadDeath extends ThreadEnd {
  readonly at: TraceView;
}

/** Pages of 20 million characters take a gigabyte (measured). */
const maxHeapMb = 1_280;

/** A thread for jobs, one at a time. */
export class ComputeThread {
  readonly #memory = traceMemory();
  readonly #thread: WorkerThread;
  #answer: ((answer: ThreadAnswer | ThreadDeath) => void) | null = null;

  /** @param onEnd called if it ends unexpectedly, after its job has been informed */
  constructor(onEnd: () => void) {
    this.#thread = new WorkerThread({
      entry: 'threads/compute.js',
      data: { memory: this.#memory } satisfies ThreadData,
      maxHeapMb,
      onMessage: (answer) => this.#settle(answer as ThreadAnswer),
      onEnd: (end) => {
        this.#settle({ ...end, at: readTrace(this.#memory) });
        onEnd();
      },
    });
    this.#thread.keepAlive(false);
  }

  async run(job: Job): Promise<ThreadAnswer | ThreadDeath> {
    this.#thread.keepAlive(true);
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#thread.post(job);
    });
  }

  /** What it is doing; null while it loads what the job needs. */
  trace(): TraceView | null {
    return isRunning(this.#memory) ? readTrace(this.#memory) : null;
  }

  cpuMs(): number {
    return this.#thread.cpuMs();
  }

  lowerPriority(): void {
    this.#thread.lowerPriority();
  }

  async stop(): Promise<void> {
    await this.#thread.stop();
  }

  #settle(answer: ThreadAnswer | ThreadDeath): void {
    this.#thread.keepAlive(false);
    this.#answer?.(answer);
    this.#answer = null;
  }
}
