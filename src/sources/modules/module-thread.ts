import { fromWire, toWire } from '../../domain/error-wire.ts';
import { SourceRefused, SourceUnavailable, TooCostly } from '../../domain/errors.ts';
import { hiddenValue } from '../../domain/plan/shaping-plan.ts';
import { formatDuration } from '../../domain/time/duration.ts';
import type { ComputeLimits } from '../../domain/plan/compute-limits.ts';
import { WorkerThread, type ThreadEnd } from '../threads/worker-thread.ts';
import type { ModuleFetch } from './module-api.ts';
import { LoopMonitor } from './loop-watch.ts';
import type { FromModule, GivenData, ModulePageWire, ToModule } from './module-messages.ts';

/** What a call of a module needs. */
export interface ModuleCallInput {
  /** Absolute path. */
  readonly path: string;
  readonly given: GivenData;
  /** The charset of responses by the configuration; null = nothing. */
  readonly encoding: string | null;
  /** Whether messages may show what the module throws or yields. */
  readonly quotes: boolean;
  /** Does what the module asks for. */
  readonly fetch: ModuleFetch;
  readonly limits: ComputeLimits;
  readonly signal: AbortSignal;
}

/** A running call of a module. */
export interface ModuleCall {
  /** The next page; null if there is none. @throws DaybookError; the signal's reason where it was aborted */
  take(): Promise<ModulePageWire | null>;
  /** Lets the module clean up, without waiting for it. */
  close(): void;
}

interface OpenCall extends ModuleCallInput {
  waiting: { readonly resolve: (page: ModulePageWire | null) => void; readonly reject: (error: Error) => void } | null;
  /** What it failed with while it was not awaited. */
  failure: Error | null;
}

/** Largest heap of a module, in megabytes. */
const maxHeapMb = 512;

/** The thread of one source's module. Its faults affect the runs of that source only. */
export class ModuleThread {
  readonly #name: string;
  readonly #thread: WorkerThread;
  readonly #watch: LoopMonitor;
  readonly #calls = new Map<number, OpenCall>();
  readonly #onEnd: () => void;
  #numbers = 0;

  /** @param onEnd called once it has ended */
  constructor(name: string, onEnd: () => void) {
    this.#name = name;
    this.#onEnd = onEnd;
    this.#thread = new WorkerThread({
      entry: 'sources/modules/module-thread-entry.js',
      data: null,
      maxHeapMb,
      environment: 'own',
      onMessage: (message) => this.#take(message as FromModule),
      onEnd: (end) => this.#fail(endedBy(name, end)),
    });
    this.#thread.keepAlive(false);
    this.#watch = new LoopMonitor(this.#thread, () => this.#tell({ kind: 'ping' }));
  }

  /** Whether it is unused. */
  get isIdle(): boolean {
    return this.#calls.size === 0;
  }

  call(input: ModuleCallInput): ModuleCall {
    const number = this.#numbers++;
    const call: OpenCall = { ...input, waiting: null, failure: null };
    const abort = () => {
      this.#tell({ kind: 'abort', call: number, why: String(input.signal.reason) });
      this.#settle(call, input.signal.reason as Error);
    };
    this.#calls.set(number, call);
    this.#watchCalls();
    input.signal.addEventListener('abort', abort, { once: true });
    const { path, given, encoding, quotes } = input;
    this.#tell({ kind: 'start', call: number, path, given, encoding, quotes });
    return {
      take: async () => {
        input.signal.throwIfAborted();
        if (call.failure) throw call.failure;
        return new Promise((resolve, reject) => {
          call.waiting = { resolve, reject };
          this.#tell({ kind: 'next', call: number });
        });
      },
      close: () => {
        input.signal.removeEventListener('abort', abort);
        this.#calls.delete(number);
        this.#tell({ kind: 'close', call: number });
        this.#watchCalls();
      },
    };
  }

  async stop(): Promise<void> {
    this.#watch.rest();
    await this.#thread.stop();
  }

  #take(message: FromModule): void {
    switch (message.kind) {
      case 'pong':
        return this.#watch.answered();
      case 'fault':
        for (const call of this.#calls.values()) {
          const why = call.quotes ? message.message : `an error outside of its pages, ${hiddenValue}`;
          this.#settle(call, new SourceUnavailable(`module: ${this.#name} failed: ${why}`));
        }
        return;
      default: {
        const call = this.#calls.get(message.call);
        if (!call) return;
        if (message.kind === 'fetch') void this.#fetch(call, message);
        else if (message.kind === 'failed') this.#settle(call, fromWire(message.error));
        else {
          call.waiting?.resolve(message.page);
          call.waiting = null;
        }
      }
    }
  }

  async #fetch(
    { fetch }: OpenCall,
    { call, request, url, options }: Extract<FromModule, { kind: 'fetch' }>,
  ): Promise<void> {
    try {
      const { status, headers, url: landed, body } = await fetch(url, options);
      this.#tell({ kind: 'fetched', call, request, response: { status, headers, url: landed, body } });
    } catch (error) {
      this.#tell({ kind: 'fetchFailed', call, request, error: toWire(error) });
    }
  }

  /** Fails a call, now or when its next page is asked for. */
  #settle(call: OpenCall, error: Error): void {
    if (call.waiting) call.waiting.reject(error);
    else call.failure ??= error;
    call.waiting = null;
  }

  /** The thread has ended, or has to. */
  #fail(error: Error): void {
    for (const call of this.#calls.values()) this.#settle(call, error);
    this.#watch.rest();
    void this.#thread.stop();
    this.#onEnd();
  }

  #watchCalls(): void {
    this.#thread.keepAlive(this.#calls.size > 0);
    if (this.#calls.size === 0) return this.#watch.rest();
    const limits = [...this.#calls.values()].map((call) => call.limits.pageCpuMs);
    const limitMs = limits.reduce((least, limit) => Math.min(least, limit), Infinity);
    this.#watch.begin(limitMs, () => this.#fail(tooBusy(this.#name, limitMs)));
  }

  #tell(message: ToModule): void {
    this.#thread.post(message);
  }
}

function tooBusy(name: string, limitMs: number): TooCostly {
  return new TooCostly(
    `module: ${name} computes for more than ${formatDuration(limitMs)} between two awaits: let it await more often, or raise limits.page_cpu`,
  );
}

function endedBy(name: string, { kind, message }: ThreadEnd): Error {
  switch (kind) {
    case 'memory':
      return new TooCostly(`module: ${name} needs more than ${maxHeapMb} MB of memory`);
    case 'exit':
      return new SourceRefused(`module: ${name} called ${message}, expected it to throw an error, or to return`);
    case 'error':
      return new SourceUnavailable(`module: ${name} failed: ${message}`);
  }
}
