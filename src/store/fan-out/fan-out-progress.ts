import { nothingPassed, type DayProgress, type ParentPlace } from '../../domain/state/fan-out.ts';
import { emptyRoot, type FanOutRoot } from './fan-out-root.ts';
import type { FanOutStore } from './fan-out-store.ts';
import { ParentKeys, type ParentMark } from './parent-keys.ts';
import { queueUnit } from './queued-parents.ts';

/** Which parents of a source's records are done: as it is stored, and what changes during a fetch. */
export class FanOutProgress {
  /** What each parent held when it was last requested. */
  readonly keys: ParentKeys;
  /** Parents that this run has requested, where it requests those again that are not old. */
  readonly revisited: ParentKeys;
  /** How far the second pass is; undefined = it has not begun. */
  revisitAt: ParentPlace | null | undefined;
  readonly #store: FanOutStore;
  readonly #source: string;
  readonly #run: string;
  readonly #name: string | null;
  readonly #root: FanOutRoot;
  readonly #days = new Map<string, DayProgress>();
  /** By unit: what is stored of those that were read. */
  readonly #stored = new Map<string, DayProgress>();
  readonly #passed = new Map<string, boolean>();
  /** What parents hold whose chains have begun and are not over. */
  readonly #begun = new Map<string, string>();
  #keptDays: ReadonlySet<string> | null = null;
  #adopted: string | undefined;

  private constructor(store: FanOutStore, source: string, run: string, name: string | null, root: FanOutRoot) {
    this.#store = store;
    this.#source = source;
    this.#run = run;
    this.#name = name;
    this.#root = root;
    this.#adopted = root.run === run ? root.adopted : undefined;
    this.keys = new ParentKeys(store.buffers, source, root.keys);
    const revisit = root.revisit?.run === run ? root.revisit : null;
    this.revisited = new ParentKeys(store.buffers, source, revisit?.keys ?? []);
    this.revisitAt = revisit ? revisit.at : undefined;
  }

  /**
   * @param names of the blobs that the position and the state name, the newest first: the first that is there counts
   * @param parents the source whose records the parents are
   * @returns also whether all that were named are gone: each parent is requested again
   */
  static async open(
    store: FanOutStore,
    source: string,
    run: string,
    { names, parents }: { readonly names: readonly string[]; readonly parents: string },
  ): Promise<{ readonly progress: FanOutProgress; readonly isLost: boolean }> {
    const found = await store.firstRoot(source, names);
    // The place of other parents says nothing about these.
    const isSame = found?.root.source === parents;
    const [name, root] = found && isSame ? [found.name, found.root] : [null, emptyRoot(parents)];
    const isLost = found === null && names.length > 0;
    return { progress: new FanOutProgress(store, source, run, name, root), isLost };
  }

  /** Adds what another run has done, where a blob is from one: its parents are not requested again. */
  async adopt(name: string | null): Promise<void> {
    if (name === null || name === this.#name || name === this.#adopted) return;
    const other = await this.#store.root(this.#source, name);
    if (other === null || other.run === this.#run || other.source !== this.#root.source) return;
    this.keys.adopt(other.keys);
    this.#adopted = name;
  }

  /** Whether all that was ingested on a day is sealed and passed, as far as is known. */
  isPassed(unit: string): boolean {
    return this.#passed.get(unit) ?? this.#root.days[unit]?.isPassed ?? false;
  }

  async day(unit: string): Promise<DayProgress> {
    const known = this.#days.get(unit);
    if (known) return known;
    const stored = await this.#store.day(this.#source, this.#root, unit);
    this.#stored.set(unit, stored);
    this.#days.set(unit, stored);
    return stored;
  }

  /** The day must have been read. */
  change(unit: string, change: (day: DayProgress) => DayProgress): void {
    this.#days.set(unit, change(this.#days.get(unit) ?? nothingPassed));
  }

  /** @returns whether a parent is to be requested: not where it comes again while its chain has only begun */
  begin({ key, content }: ParentMark): boolean {
    if (this.#begun.get(key) === content) return false;
    this.#begun.set(key, content);
    return true;
  }

  /** The chain of a parent is over. */
  requested(mark: ParentMark, revisits: boolean): void {
    this.#begun.delete(mark.key);
    this.keys.set(mark);
    if (revisits) this.revisited.set(mark);
  }

  /** The days that the journal has: others were deleted. */
  keepDays(days: ReadonlySet<string>): void {
    this.#keptDays = days;
  }

  setPassed(unit: string, isPassed: boolean): void {
    this.#passed.set(unit, isPassed);
  }

  /**
   * Stores what has changed.
   * @param isOver the poll is over: the next run begins its second pass from the front
   * @returns the name of the blob; null if nothing is done yet
   */
  async save(isOver: boolean): Promise<string | null> {
    const days = { ...this.#root.days };
    for (const [unit, day] of this.#days) {
      const isPassed = this.isPassed(unit);
      if (day === this.#stored.get(unit) && isPassed === (days[unit]?.isPassed ?? false)) continue;
      days[unit] = { blob: await this.#store.write(this.#source, day), isPassed };
    }
    for (const unit of Object.keys(days)) {
      if (unit !== queueUnit && this.#keptDays?.has(unit) === false) delete days[unit];
    }
    const keys = await this.keys.save();
    const revisited = await this.revisited.save();
    const hasPass = !isOver && (this.revisitAt !== undefined || revisited.length > 0);
    const revisit = hasPass ? { run: this.#run, at: this.revisitAt ?? null, keys: revisited } : null;
    const changed: FanOutRoot = { ...this.#root, days: sorted(days), keys, revisit };
    if (JSON.stringify(changed) === JSON.stringify(this.#root)) return this.#name;
    const { adopted: _adopted, ...root } = { ...changed, run: this.#run };
    return this.#store.write(this.#source, {
      ...root,
      ...(this.#adopted === undefined ? {} : { adopted: this.#adopted }),
    });
  }
}

function sorted(days: FanOutRoot['days']): FanOutRoot['days'] {
  return Object.fromEntries(Object.entries(days).sort(([a], [b]) => (a < b ? -1 : 1)));
}
