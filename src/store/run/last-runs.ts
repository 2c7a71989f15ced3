import { randomUUID } from 'node:crypto';
import { afterRun, mergeRuns, type EndedRun, type LastRun } from '../../domain/run/last-run.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storedId } from '../paths/paths.ts';
import { deleteLastRunsFile, readLastRunsFile, readLastRunsFiles, writeLastRunsFile } from './last-runs-file.ts';

/** A worker's file is replaced at most so often. A kill loses what is younger. */
const defaultReplaceMs = 10_000;
/** A worker that has written nothing for so long is gone, or had nothing to write. */
const silentMs = 24 * 3_600_000;

export interface LastRunsOptions {
  readonly store: BlobStore;
  /** Name of the worker. */
  readonly worker: string;
  /** Whether a source is configured: others are left out of the file a day after their last run. */
  readonly isConfigured: (source: string) => boolean;
  /** Called where the file cannot be replaced now; that is tried again. */
  readonly onError: (error: unknown) => void;
  readonly now?: () => Date;
  /** @default 10 s */
  readonly replaceMs?: number;
}

/**
 * What a worker knows of the last run of each source, in its file `last-runs/<worker>.json`: an unchanged poll needs no blob of its own.
 * A note costs nothing: the file is replaced in the background. A process continues the file that the one before it has left.
 */
export class LastRuns {
  readonly #options: LastRunsOptions;
  readonly #now: () => Date;
  readonly #writer = randomUUID();
  readonly #runs = new Map<string, LastRun>();
  #worker: string;
  /** Who wrote the file that this process continues; empty = there was none. Null = not read yet. */
  #predecessor: string | null = null;
  /** Unchanged polls by source, as this process last wrote them; null = it has not written yet. */
  #written: ReadonlyMap<string, number> | null = null;
  #isChanged = false;
  #isClosed = false;
  #replacedMs = -Infinity;
  #timer: NodeJS.Timeout | null = null;
  #replacing: Promise<void> | null = null;

  constructor(options: LastRunsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => new Date());
    this.#worker = options.worker;
  }

  /**
   * Notes a run that has ended, once it cannot be undone. May be repeated.
   * @param isAwaited a user waits for it: the file is replaced at once
   */
  note(run: EndedRun, isAwaited = false): void {
    const { source } = run.receipt;
    if (isAwaited) this.#hurry();
    this.#set(source, afterRun(this.#runs.get(source) ?? null, run));
  }

  /** The last run of each source, as all workers know it. */
  async readAll(): Promise<ReadonlyMap<string, LastRun>> {
    await this.#replaced();
    // What this process has written itself is in memory.
    const own = this.#written === null ? null : storedId(this.#worker);
    const files = await readLastRunsFiles(this.#options.store, own);
    const others = [...files].filter(([worker, { writer }]) => !this.#isOwn(worker, writer));
    return mergeAll([...others.map(([, { runs }]) => runs), this.#runs]);
  }

  /** Replaces the file now, if there is something new to write. @throws SinkUnavailable */
  async flush(): Promise<void> {
    await this.#replaced();
    if (!this.#isChanged) return;
    this.#replacing = this.#replace().finally(() => (this.#replacing = null));
    await this.#replacing;
  }

  /** The last flush. Later notes are lost. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.flush().catch(this.#options.onError);
  }

  /**
   * Takes over what workers have left that are silent for a day, and removes their files. One that was only idle notices that. Safe to
   * repeat because a file is removed after what it says is in this worker's.
   * @returns how many
   */
  async mergeSilent(): Promise<number> {
    const { store } = this.#options;
    const before = this.#now().getTime() - silentMs;
    let merged = 0;
    for (const [worker, { writer, at, runs }] of await readLastRunsFiles(store)) {
      if (this.#isOwn(worker, writer) || Date.parse(at) >= before) continue;
      this.#adopt(runs);
      await this.flush();
      const present = await readLastRunsFile(store, worker);
      // Unless its worker has written meanwhile, or this one continues it.
      if (present?.writer === writer && present.at === at) await deleteLastRunsFile(store, worker);
      merged++;
    }
    return merged;
  }

  /** Waits for the one that is active, if any. */
  async #replaced(): Promise<void> {
    while (this.#replacing) await this.#replacing.catch(() => undefined);
  }

  #adopt(runs: ReadonlyMap<string, LastRun>): void {
    for (const [source, run] of runs) {
      const own = this.#runs.get(source);
      this.#set(source, own ? mergeRuns(run, own) : run);
    }
  }

  #set(source: string, run: LastRun): void {
    this.#runs.set(source, run);
    this.#isChanged = true;
    this.#plan();
  }

  /** Whether all that a file says is in memory. A predecessor that still lives has another file by then. */
  #isOwn(worker: string, writer: string): boolean {
    return writer === this.#writer || (worker === storedId(this.#worker) && writer === this.#predecessor);
  }

  #hurry(): void {
    this.#replacedMs = -Infinity;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #plan(): void {
    if (this.#timer || this.#replacing || this.#isClosed) return;
    const { replaceMs = defaultReplaceMs, onError } = this.#options;
    const waitMs = Math.max(0, this.#replacedMs + replaceMs - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.flush()
        .catch(onError)
        .finally(() => this.#isChanged && this.#plan());
    }, waitMs);
    // A process that ends has closed this before.
    this.#timer.unref();
  }

  async #replace(): Promise<void> {
    const { store } = this.#options;
    this.#replacedMs = performance.now();
    await this.#continueFile();
    this.#isChanged = false;
    this.#dropRemoved();
    const counts = new Map([...this.#runs].map(([source, { unchanged }]) => [source, unchanged?.count ?? 0]));
    try {
      const at = this.#now().toISOString();
      await writeLastRunsFile(store, this.#worker, { writer: this.#writer, at, runs: this.#runs });
      this.#written = counts;
    } catch (error) {
      this.#isChanged = true;
      throw error;
    }
  }

  /** Before it is replaced: what another process has written there must not be lost, nor count twice. */
  async #continueFile(): Promise<void> {
    const present = await readLastRunsFile(this.#options.store, this.#worker);
    if (this.#predecessor === null) {
      this.#predecessor = present?.writer ?? '';
      if (present) this.#adopt(present.runs);
    } else if (this.#written && present?.writer !== this.#writer) {
      this.#forgetCounts(this.#written);
      // A second worker of the same name: each of the two has a file from now on.
      if (present) this.#worker = `${this.#options.worker}-${this.#writer.slice(0, 8)}`;
    }
  }

  /** Another worker has taken over the file, and what was counted in it. */
  #forgetCounts(written: ReadonlyMap<string, number>): void {
    for (const [source, run] of this.#runs) {
      if (run.unchanged === null) continue;
      const count = run.unchanged.count - (written.get(source) ?? 0);
      const unchanged = count > 0 ? { count, since: run.receipt.finishedAt } : null;
      this.#runs.set(source, { ...run, unchanged });
    }
  }

  #dropRemoved(): void {
    const before = new Date(this.#now().getTime() - silentMs).toISOString();
    for (const [source, { receipt }] of this.#runs) {
      if (receipt.finishedAt < before && !this.#options.isConfigured(source)) this.#runs.delete(source);
    }
  }
}

/** The last run of each source, as the files of all workers say it: for a command. */
export async function readLastRuns(store: BlobStore): Promise<ReadonlyMap<string, LastRun>> {
  return mergeAll([...(await readLastRunsFiles(store)).values()].map(({ runs }) => runs));
}

function mergeAll(files: readonly ReadonlyMap<string, LastRun>[]): ReadonlyMap<string, LastRun> {
  const merged = new Map<string, LastRun>();
  for (const runs of files) {
    for (const [source, run] of runs) {
      const known = merged.get(source);
      merged.set(source, known ? mergeRuns(known, run) : run);
    }
  }
  return merged;
}
