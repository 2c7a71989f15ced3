import { WorkerBusy } from '../../domain/errors.ts';
import { ComputeThread, type ThreadAnswer, type ThreadDeath } from './compute-thread.ts';
import { CpuMonitor, type Overrun } from './cpu-watch.ts';
import type { Job } from './job.ts';
import { SourceCosts } from './source-costs.ts';
import type { Attempt } from './attempt.ts';

/** What came of it. */
export type AttemptEnd = ThreadAnswer | ThreadDeath | Overrun;

export interface PoolSize {
  /** Threads for jobs that are over soon. */
  readonly quick: number;
  /** Threads for those that turned out not to be. */
  readonly patient: number;
}

interface Task extends Attempt {
  /** Its source is known to take long. */
  isPatient: boolean;
  readonly settle: (end: AttemptEnd) => void;
  readonly fail: (error: Error) => void;
  /** Gives it up where it waits too long. */
  waitTimer: NodeJS.Timeout | null;
}

/** A thread, and what it is doing. */
interface Seat {
  readonly thread: ComputeThread;
  /** Its priority is lowered, which cannot be undone. */
  isLow: boolean;
  task: Task | null;
  watch: CpuMonitor | null;
  idle: NodeJS.Timeout | null;
}

/** CPU time after which a job is no longer a quick one. */
const quickCpuMs = 500;
/** The same for a source that nothing is known of, while others wait: after a start all are such. */
const firstCpuMs = 150;
/** How often busy threads are checked. */
const watchMs = 100;
/** How long an idle thread stays. */
const idleMs = 30_000;
/** How long a job waits for a thread: an activity has five minutes in all. */
const timeoutMs = 120_000;

/**
 * Threads for jobs. Most jobs take milliseconds; one that takes longer continues as a patient one, beside few others, and no quick
 * job waits for it. If there are too many of those it is stopped, and starts again later. Later jobs of its source are patient ones
 * from the start.
 */
export class ThreadPool {
  readonly #size: PoolSize;
  readonly #costs = new SourceCosts();
  readonly #seats = new Set<Seat>();
  /** In the order in which they are done: first those of sources that are known to be quick. */
  readonly #waiting: { readonly known: Task[]; readonly new: Task[]; readonly patient: Task[] } = {
    known: [],
    new: [],
    patient: [],
  };
  #watching: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(size: PoolSize) {
    this.#size = size;
  }

  /** Starts a thread beforehand: the first job need not wait for that. */
  warmUp(): void {
    if (this.#seats.size === 0) this.#rest(this.#open());
  }

  /** @param isPatient whether it is known to take long */
  async attempt(attempt: Attempt, isPatient: boolean, signal: AbortSignal | null): Promise<AttemptEnd> {
    signal?.throwIfAborted();
    if (this.#closed) throw new Error('compute: the threads are stopped');
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.#forget(task);
        task.fail(signal?.reason as Error);
      };
      const done = () => {
        if (task.waitTimer) clearTimeout(task.waitTimer);
        signal?.removeEventListener('abort', stop);
      };
      const task: Task = {
        ...attempt,
        isPatient: isPatient || this.#costs.isCostly(attempt.job.source.name),
        waitTimer: null,
        settle(end) {
          done();
          resolve(end);
        },
        fail(error) {
          done();
          reject(error);
        },
      };
      signal?.addEventListener('abort', stop, { once: true });
      this.#enqueue(task);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#watching) clearInterval(this.#watching);
    const { known, new: others, patient } = this.#waiting;
    const seats = [...this.#seats];
    const tasks = [...known, ...others, ...patient, ...seats.flatMap(({ task }) => task ?? [])];
    for (const task of tasks) task.fail(new Error('compute: the threads are stopped'));
    await Promise.all(seats.map((seat) => this.#end(seat)));
  }

  #enqueue(task: Task): void {
    const { known, new: others, patient } = this.#waiting;
    task.waitTimer = setTimeout(() => {
      this.#forget(task);
      task.fail(workerBusy(task.job));
    }, timeoutMs);
    if (task.isPatient) patient.push(task);
    else if (this.#costs.isQuick(task.job.source.name)) known.push(task);
    else others.push(task);
    this.#dispatch();
  }

  /** Drops a task that is not awaited any more; a running one continues within its limits. */
  #forget(task: Task): void {
    for (const queue of Object.values(this.#waiting)) {
      const index = queue.indexOf(task);
      if (index !== -1) queue.splice(index, 1);
    }
  }

  #dispatch(): void {
    if (this.#closed) return;
    const { known, new: others, patient } = this.#waiting;
    this.#serve(() => known.shift() ?? others.shift(), known.length + others.length, false);
    this.#serve(() => patient.shift(), patient.length, true);
  }

  #serve(next: () => Task | undefined, waiting: number, isPatient: boolean): void {
    for (let left = waiting; left > 0; left--) {
      const seat = this.#freeSeat(isPatient);
      const task = seat && next();
      if (!seat || !task) return;
      void this.#do(seat, task);
    }
  }

  #freeSeat(isPatient: boolean): Seat | null {
    const seats = [...this.#seats];
    const busy = seats.filter(({ task }) => task?.isPatient === isPatient);
    if (busy.length >= (isPatient ? this.#size.patient : this.#size.quick)) return null;
    return seats.find(({ task }) => task === null) ?? this.#open();
  }

  async #do(seat: Seat, task: Task): Promise<void> {
    if (seat.idle) clearTimeout(seat.idle);
    if (task.waitTimer) clearTimeout(task.waitTimer);
    seat.task = task;
    const watch = new CpuMonitor(seat.thread, task);
    seat.watch = watch;
    this.#watching ??= setInterval(() => this.#watch(), watchMs);
    const answer = await seat.thread.run(task.job);
    // A stopped or ended thread no longer has a slot.
    if (this.#seats.has(seat)) {
      if (watch.cpuMs <= quickCpuMs) this.#costs.wasQuick(task.job.source.name);
      seat.task = null;
      seat.watch = null;
      this.#rest(seat);
    }
    task.settle(answer);
    this.#dispatch();
  }

  #watch(): void {
    const busy = [...this.#seats].filter(({ task }) => task !== null);
    if (busy.length === 0 && this.#watching) {
      clearInterval(this.#watching);
      this.#watching = null;
    }
    for (const seat of busy) this.#look(seat);
  }

  #look(seat: Seat): void {
    const { task, watch } = seat;
    if (!task || !watch) return;
    const over = watch.look();
    if (over) {
      this.#costs.wasCostly(task.job.source.name);
      task.settle(over);
      void this.#end(seat);
      this.#dispatch();
      return;
    }
    if (!task.isPatient && watch.cpuMs > this.#quickCpuMs(task)) this.#takesLong(seat, task);
    // It has the lowest priority.
    if (task.isPatient && !seat.isLow && this.#seats.has(seat)) {
      seat.isLow = true;
      seat.thread.lowerPriority();
    }
  }

  #quickCpuMs({ job }: Task): number {
    const { known, new: others } = this.#waiting;
    const isAlone = known.length + others.length === 0;
    return isAlone || this.#costs.isQuick(job.source.name) ? quickCpuMs : firstCpuMs;
  }

  /** Makes room for quick jobs: the job continues as a patient one, or restarts as one. */
  #takesLong(seat: Seat, task: Task): void {
    this.#costs.wasCostly(task.job.source.name);
    const patient = [...this.#seats].filter((other) => other.task?.isPatient === true);
    task.isPatient = true;
    if (patient.length >= this.#size.patient) {
      void this.#end(seat);
      this.#enqueue(task);
    }
    this.#dispatch();
  }

  #open(): Seat {
    const thread = new ComputeThread(() => {
      this.#seats.delete(seat);
      this.#dispatch();
    });
    const seat: Seat = { thread, isLow: false, task: null, watch: null, idle: null };
    this.#seats.add(seat);
    return seat;
  }

  #rest(seat: Seat): void {
    if (seat.isLow) return void this.#end(seat);
    // One stays ready.
    seat.idle = setTimeout(() => {
      if (this.#seats.size > 1) void this.#end(seat);
    }, idleMs).unref();
  }

  async #end(seat: Seat): Promise<void> {
    this.#seats.delete(seat);
    if (seat.idle) clearTimeout(seat.idle);
    await seat.thread.stop();
  }
}

function workerBusy({ source }: Job): WorkerBusy {
  return new WorkerBusy(
    `compute: ${source.name} waits for a thread; other sources use all CPU time of this worker; look for sources with dead letters of reason too_costly`,
    { retryAfterMs: 30_000 },
  );
}
