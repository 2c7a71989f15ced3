import { ModuleThread, type ModuleCall, type ModuleCallInput } from './module-thread.ts';

/** How many unused threads of modules stay: each takes some 20 MB. */
const maxIdle = 32;

/**
 * Threads for the modules of sources, one for each source. It stays for the next poll, so that what the module keeps in
 * variables lives on for a while.
 */
export class ModuleThreads {
  readonly #threads = new Map<string, ModuleThread>();

  call(source: string, input: ModuleCallInput): ModuleCall {
    const thread = this.#threads.get(source) ?? this.#start(source);
    // The last used are the last to go.
    this.#threads.delete(source);
    this.#threads.set(source, thread);
    const call = thread.call(input);
    this.#dropIdle();
    return call;
  }

  async close(): Promise<void> {
    const threads = [...this.#threads.values()];
    this.#threads.clear();
    await Promise.all(threads.map((thread) => thread.stop()));
  }

  #start(source: string): ModuleThread {
    const thread: ModuleThread = new ModuleThread(source, () => {
      if (this.#threads.get(source) === thread) this.#threads.delete(source);
    });
    return thread;
  }

  #dropIdle(): void {
    const idle = [...this.#threads].filter(([, thread]) => thread.isIdle);
    for (const [source, thread] of idle.slice(0, Math.max(0, idle.length - maxIdle))) {
      this.#threads.delete(source);
      void thread.stop();
    }
  }
}
