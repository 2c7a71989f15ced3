import { inParallel } from '../domain/in-parallel.ts';
import { isSuccess, mergeRuns, runOf, runStateOf, type LastRun } from '../domain/run/last-run.ts';
import type { BlobStore } from '../store/blobs/blob-store.ts';
import { storePaths } from '../store/paths/paths.ts';
import { listReceipts, listRecentReceipts, readLastReceipt, readReceipt } from '../store/run/receipts.ts';
import { listStateEpochs, readState } from '../store/run/states.ts';
import type { KnownSource } from './known-sources.ts';
import type { SourceMemory } from './status.ts';

type Names = Pick<KnownSource, 'name' | 'everyMs'>;

/** A run may take so long, and its worker as long to write its note, until receipts are looked at. */
const lagMs = 60_000;
/** How long a source without any run is not looked for again; of others the less often, the longer they are silent. */
const [neverRanMs, maxLookMs] = [600_000, 3_600_000];
/** Sources whose receipts are looked at together: in a bucket each request takes tens of milliseconds. */
const atOnce = 32;
/** Receipts that are read to find the last success of a source that fails: days of tries, once a process. */
const maxRead = 500;

/**
 * What the store knows of sources: from the notes of workers, which say it of all of them at once. The receipts of a source are looked at
 * where it should have run since: a worker of 0.2.0 leaves no notes, and a kill loses the latest.
 */
export class SourceMemories {
  readonly #store: BlobStore;
  readonly #readNotes: () => Promise<ReadonlyMap<string, LastRun>>;
  /** What receipts have said, and when that was looked at. */
  readonly #found = new Map<string, { readonly run: LastRun | null; readonly lookedMs: number }>();
  readonly #successes = new Map<string, string | null>();

  constructor(store: BlobStore, readNotes: () => Promise<ReadonlyMap<string, LastRun>>) {
    this.#store = store;
    this.#readNotes = readNotes;
  }

  async read(sources: readonly Names[], now: Date): Promise<Map<string, SourceMemory>> {
    const [notes, epochs] = await Promise.all([this.#readNotes(), listStateEpochs(this.#store)]);
    const read = await inParallel(sources, atOnce, async (source) => {
      const run = await this.#lastRun(source, notes.get(source.name) ?? null, now);
      return [source.name, await this.#memory(source.name, run, epochs.get(source.name) ?? 0)] as const;
    });
    return new Map(read);
  }

  /** When the last run of a source ended that neither failed nor was rate limited; null = none is known. */
  async succeededAt(source: string, { lastReceipt, succeededAt }: SourceMemory): Promise<string | null> {
    if (succeededAt !== null || lastReceipt === null) return succeededAt;
    const known = this.#successes.get(source);
    if (known !== undefined) return known;
    // Only the first check may have to go through all of them.
    const found = await this.#newestSuccess(await listReceipts(this.#store, source));
    this.#successes.set(source, found);
    return found;
  }

  async #lastRun({ name, everyMs }: Names, note: LastRun | null, now: Date): Promise<LastRun | null> {
    const found = this.#found.get(name);
    const known = together(note, found?.run ?? null);
    const silentMs = known ? now.getTime() - Date.parse(known.receipt.finishedAt) : Infinity;
    if (silentMs <= (everyMs ?? 0) + lagMs) return known;
    const lookMs = known ? Math.min(silentMs / 2, maxLookMs) : neverRanMs;
    if (found && now.getTime() - found.lookedMs < lookMs) return known;
    const newer = await this.#fromReceipts(name, known, now);
    const run = together(found?.run ?? null, newer);
    this.#found.set(name, { run, lookedMs: now.getTime() });
    return together(note, run);
  }

  /** What newer receipts say; null = there are none. */
  async #fromReceipts(source: string, known: LastRun | null, now: Date): Promise<LastRun | null> {
    if (known === null) {
      const receipt = await readLastReceipt(this.#store, source, now);
      return receipt && runOf(receipt);
    }
    const recent = await listRecentReceipts(this.#store, source, now);
    const since = known.receipt.finishedAt;
    const newer = recent.filter((path) => (storePaths.receipt.parse(path)?.finishedAt ?? '') > since);
    let run: LastRun | null = null;
    for (const path of newer.slice(-maxRead).reverse()) {
      const receipt = await readReceipt(this.#store, path);
      if (!receipt) continue;
      run = together(run, runOf(receipt));
      if (isSuccess(receipt)) break;
    }
    return run;
  }

  /** @param epoch of the newest change of its state by a command: what was noted before says nothing about it */
  async #memory(source: string, run: LastRun | null, epoch: number): Promise<SourceMemory> {
    const isKnown = run?.state && run.state.epoch >= epoch;
    const stored = isKnown ? null : (await readState(this.#store, source, epoch)).state;
    return {
      lastReceipt: run?.receipt ?? null,
      succeededAt: run?.succeededAt ?? null,
      unchanged: run?.unchanged ?? null,
      state: isKnown ? run.state : stored && runStateOf(stored),
    };
  }

  async #newestSuccess(paths: readonly string[]): Promise<string | null> {
    for (const path of paths.slice(-maxRead).reverse()) {
      const receipt = await readReceipt(this.#store, path);
      if (receipt && isSuccess(receipt)) return receipt.finishedAt;
    }
    return null;
  }
}

function together(a: LastRun | null, b: LastRun | null): LastRun | null {
  return a && b ? mergeRuns(a, b) : (a ?? b);
}
