import type { ChildProcess } from 'node:child_process';
import type { PartName } from '../../embedded/home/home.ts';

/** A part that is restarted when it ends unexpectedly. */
export interface SupervisedPart {
  readonly part: PartName;
  /** Starts it once more. Rejects where that cannot be done now. */
  readonly start: () => Promise<ChildProcess> | ChildProcess;
}

/** Longest wait before a part is started again. */
const maxDelayMs = 30_000;

/** Restarts parts that end unexpectedly, with a growing delay, until it is stopped. */
export class Supervisor {
  readonly #say: (message: string) => void;
  #stopping = false;
  /** Parts that wait to be started again: their timers, and how to do it now. */
  readonly #waiting = new Map<PartName, { readonly timer: NodeJS.Timeout; readonly start: () => void }>();
  readonly #starting = new Set<Promise<void>>();

  constructor(say: (message: string) => void) {
    this.#say = say;
  }

  /** Watches a part that runs as `child`. */
  watch(part: SupervisedPart, child: ChildProcess, delayMs = 1_000): void {
    const startedAt = Date.now();
    let over = false;
    const ended = (code: number | null, signal: NodeJS.Signals | null) => {
      if (this.#stopping || over) return;
      over = true;
      // One that ran for a while has earned a quick start again.
      const delay = Date.now() - startedAt > 60_000 ? 1_000 : delayMs;
      this.#say(
        `${part.part} ended unexpectedly (${signal ?? `exit code ${code}`}); restarting it in ${delay / 1_000} s`,
      );
      this.#later(part, delay);
    };
    child.once('exit', ended);
    child.once('error', () => ended(null, null));
    // It may have ended before anyone watched.
    if (child.exitCode !== null || child.signalCode !== null) ended(child.exitCode, child.signalCode);
  }

  /** Starts nothing any more; resolves once nothing is being started. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    await Promise.all(this.#starting);
  }

  #later(part: SupervisedPart, delay: number): void {
    const start = () => {
      clearTimeout(timer);
      this.#waiting.delete(part.part);
      const starting = this.#again(part, Math.min(delay * 2, maxDelayMs));
      this.#starting.add(starting);
      void starting.then(() => this.#starting.delete(starting));
    };
    const timer = setTimeout(start, delay);
    this.#waiting.set(part.part, { timer, start });
  }

  async #again(part: SupervisedPart, nextDelay: number): Promise<void> {
    try {
      const child = await part.start();
      if (this.#stopping) return;
      this.#say(`${part.part} restarted`);
      this.watch(part, child, nextDelay);
      // What the worker has waited for may be there now.
      if (part.part !== 'worker') this.#waiting.get('worker')?.start();
    } catch (error) {
      if (this.#stopping) return;
      this.#say(`${part.part} could not be restarted: ${error instanceof Error ? error.message : String(error)}`);
      this.#later(part, nextDelay);
    }
  }
}
