import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { messageOf } from '../../domain/errors.ts';
import { activeMsOf, cpuMsOf } from './cpu-clock.ts';

/** How a thread ended unexpectedly. */
export interface ThreadEnd {
  /** It wanted more memory than it may have, it called `process.exit`, or it threw. */
  readonly kind: 'memory' | 'exit' | 'error';
  readonly message: string;
}

export interface ThreadOptions {
  /** Compiled or bundled file below `dist`: threads run no TypeScript. */
  readonly entry: string;
  readonly data: unknown;
  /** Largest heap, in megabytes. */
  readonly maxHeapMb: number;
  /** Variables of the environment that it has: none, or those of the process. @default none */
  readonly environment?: 'none' | 'own';
  readonly onMessage: (message: unknown) => void;
  readonly onEnd: (end: ThreadEnd) => void;
}

/** A thread's first message. */
export interface ThreadStarted {
  readonly threadId: number | null;
}

/** A thread's `nice` value: a third of their share where all are busy. */
const lowPriority = 5;

/** A thread that can be watched and stopped, whatever it does. */
export class WorkerThread {
  readonly #worker: Worker;
  #threadId: number | null = null;
  #isLow = false;
  #stopped = false;

  constructor({ entry, data, maxHeapMb, environment = 'none', onMessage, onEnd }: ThreadOptions) {
    const file = fileURLToPath(new URL(`../../../dist/${entry}`, import.meta.url));
    this.#worker = new Worker(file, {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
      ...(environment === 'none' ? { env: {} } : {}),
      execArgv: [],
      stdout: true,
    });
    // Its output must not be mixed with the output of a command.
    this.#worker.stdout.on('data', (chunk: Buffer) => process.stderr.write(chunk));
    this.#worker.once('message', ({ threadId }: ThreadStarted) => {
      this.#threadId = threadId;
      if (this.#isLow) this.#lower();
      this.#worker.on('message', onMessage);
    });
    let failure: ThreadEnd | null = null;
    this.#worker.on('error', (error: NodeJS.ErrnoException) => {
      const kind = error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'error';
      failure = { kind, message: messageOf(error) };
    });
    this.#worker.on('exit', (code) => {
      if (!this.#stopped) onEnd(failure ?? { kind: 'exit', message: `process.exit(${code})` });
    });
  }

  post(message: unknown): void {
    this.#worker.postMessage(message);
  }

  /** CPU time that it has taken; where the system does not say, the time it was busy. */
  cpuMs(): number {
    return (this.#threadId === null ? null : cpuMsOf(this.#threadId)) ?? activeMsOf(this.#worker);
  }

  /** Lowers its priority from now on, if the system supports it. */
  lowerPriority(): void {
    if (this.#isLow) return;
    this.#isLow = true;
    this.#lower();
  }

  /** Whether it keeps the process alive. */
  keepAlive(keeps: boolean): void {
    if (keeps) this.#worker.ref();
    else this.#worker.unref();
  }

  /** Ends it at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#worker.terminate();
  }

  #lower(): void {
    if (this.#threadId === null) return;
    try {
      setPriority(this.#threadId, lowPriority);
    } catch {
      // Then it takes as much as others.
    }
  }
}
