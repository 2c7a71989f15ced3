import { availableParallelism } from 'node:os';
import type { ComputeLimits } from '../../domain/plan/compute-limits.ts';
import { fromWire } from '../../domain/error-wire.ts';
import type { NewDeadLetter } from '../../domain/dead-letters/dead-letter.ts';
import { TooCostly } from '../../domain/errors.ts';
import type { Rejection } from '../../domain/dead-letters/rejection.ts';
import { createLocalCompute, type Compute } from './compute.ts';
import { CostlyRecords } from './costly-records.ts';
import { pageMessage, recordMessage, type Cause } from './costly-messages.ts';
import type { Job, JobKind, ResultOf } from './job.ts';
import { isShort } from './short-job.ts';
import { ThreadPool, type AttemptEnd } from './thread-pool.ts';

/** Bytes of a job from which on it is not tried as a quick one: reading them takes long, and a lot of memory. */
const largeFrom = 16 * 1024 * 1024;

/** Threads of a worker: at least two, because work must continue while one is replaced. */
export function createThreadCompute(): ThreadCompute {
  const threads = Math.min(4, Math.max(2, availableParallelism()));
  return new ThreadCompute(new ThreadPool({ quick: threads, patient: 2 }));
}

/**
 * Does jobs in threads, under limits of CPU time and memory. A record that takes too much is tried once more alone before it
 * is refused, and the others are done without it. What needs neither is done here: the way to a thread and back costs as much.
 */
export class ThreadCompute implements Compute {
  readonly #pool: ThreadPool;
  readonly #costly = new CostlyRecords();
  readonly #local = createLocalCompute();

  constructor(pool: ThreadPool) {
    this.#pool = pool;
  }

  warmUp(): void {
    this.#pool.warmUp();
  }

  async run<K extends JobKind>(
    job: Extract<Job, { kind: K }>,
    limits: ComputeLimits,
    signal: AbortSignal | null,
  ): Promise<ResultOf<K>> {
    const { key, isPlain } = job.source;
    if (isPlain && isShort(job)) {
      signal?.throwIfAborted();
      return this.#local.run(job, limits, signal);
    }
    const refusedTexts = this.#costly.of(key);
    const whole = refusedTexts.length === 0 ? job : { ...job, refusedTexts };
    const result = (await new GuardedJob(this.#pool, whole, limits, signal).run()) as ResultOf<K>;
    for (const letter of lettersIn(result)) if (letter.reason === 'too_costly') this.#costly.add(key, letter);
    return result;
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}

/** Records of a page at which a thread may run out of memory, before the page counts as the cause. */
const maxMemoryDeaths = 3;

/** A job on its way, with the records of it that took too much. */
class GuardedJob {
  readonly #pool: ThreadPool;
  readonly #job: Job;
  readonly #limits: ComputeLimits;
  readonly #signal: AbortSignal | null;
  readonly #refused = new Map<number, Rejection>();
  /** Those of them that cannot even be written as text. */
  readonly #unwritable = new Set<number>();
  #memoryDeaths = 0;
  /** Records that took too much among others, but not alone. */
  readonly #cleared = new Set<number>();
  #isPatient: boolean;
  #deaths = 0;

  constructor(pool: ThreadPool, job: Job, limits: ComputeLimits, signal: AbortSignal | null) {
    this.#pool = pool;
    this.#job = job;
    this.#limits = limits;
    this.#signal = signal;
    this.#isPatient = sizeOf(job) > largeFrom;
  }

  async run(): Promise<unknown> {
    for (;;) {
      const end = await this.#attempt({ refused: [...this.#refused], unwritable: [...this.#unwritable] });
      if ('result' in end) return end.result;
      const cause = causeOf(end);
      if (cause === null) this.#mayDieOnce(end);
      else await this.#judge(cause);
    }
  }

  /** @throws what the job threw */
  async #attempt(changes: Pick<Job, 'only' | 'refused' | 'unwritable'>): Promise<AttemptEnd> {
    const attempt = { job: { ...this.#job, ...changes }, limits: this.#limits, unlimited: this.#cleared };
    const end = await this.#pool.attempt(attempt, this.#isPatient, this.#signal);
    if ('error' in end) throw fromWire(end.error);
    return end;
  }

  /** Decides about the record that took too much. @throws TooCostly if it is not a record, or one of too many */
  async #judge(cause: Cause): Promise<void> {
    this.#isPatient = true;
    const { source } = this.#job;
    const { record } = cause.at;
    const isRefused = record !== null && this.#refused.has(record);
    if (record === null || isRefused || cause.kind === 'page') {
      throw new TooCostly(pageMessage(source, cause, this.#limits));
    }
    // Alone it needs little: the page as a whole takes too much.
    if (cause.kind === 'memory' && (this.#cleared.has(record) || ++this.#memoryDeaths > maxMemoryDeaths))
      throw new TooCostly(pageMessage(source, cause, this.#limits));
    const alone = await this.#attempt({ only: record });
    const cost = 'result' in alone ? null : causeOf(alone);
    if ('result' in alone || cost === null) {
      if (!('result' in alone)) this.#mayDieOnce(alone);
      this.#cleared.add(record);
      return;
    }
    if (cost.at.record === null) throw new TooCostly(pageMessage(source, cost, this.#limits));
    this.#refused.set(record, { reason: 'too_costly', message: recordMessage(source, cost, this.#limits) });
    if (cost.at.step === 'record') this.#unwritable.add(record);
    // Together they would take as much as a page may.
    if (this.#refused.size * this.#limits.recordCpuMs >= this.#limits.pageCpuMs) {
      const message = pageMessage(source, cost, this.#limits);
      throw new TooCostly(`${message}; ${this.#refused.size} of its records are too costly even alone`);
    }
  }

  /** Other causes of a thread's death are not the job's fault; if it dies twice, they are. */
  #mayDieOnce(end: AttemptEnd): void {
    this.#isPatient = true;
    if (++this.#deaths < 2) return;
    throw new Error(`compute: the thread ended: ${'message' in end ? end.message : 'without a reason'}`);
  }
}

/** What was used up; null if the thread ended of something else. */
function causeOf(end: AttemptEnd): Cause | null {
  if ('result' in end || 'error' in end || end.kind === 'exit' || end.kind === 'error') return null;
  return { kind: end.kind, at: end.at };
}

function lettersIn(result: ResultOf<JobKind>): readonly NewDeadLetter[] {
  if ('deadLetters' in result) return result.deadLetters;
  return 'checked' in result ? (result.checked?.deadLetters ?? []) : [];
}

/** How much is to be read, in bytes. */
function sizeOf(job: Job): number {
  switch (job.kind) {
    case 'read':
    case 'detail':
      return job.response.body.byteLength;
    case 'file':
      return job.body.byteLength;
    default:
      return 0;
  }
}
