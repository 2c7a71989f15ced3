import type { BlobStore } from '../blobs/blob-store.ts';
import type { JournalDay } from '../journal/journal-file.ts';
import { readState } from '../run/states.ts';
import type { FanOutStore } from './fan-out-store.ts';
import { partIdOf } from './part-id.ts';

/** Which sources have not passed all that was ingested of another one on a day, and need its files. */
export class PassedDays {
  readonly #store: BlobStore;
  readonly #fanOut: FanOutStore;
  readonly #children: ReadonlyMap<string, readonly string[]>;

  /** @param children by source: those that are requested for each of its records */
  constructor(store: BlobStore, fanOut: FanOutStore, children: ReadonlyMap<string, readonly string[]>) {
    this.#store = store;
    this.#fanOut = fanOut;
    this.#children = children;
  }

  /** Those that have not passed a part: it must not be sealed. What is sealed counts as well where that is to be deleted. */
  async behind(day: JournalDay, of: 'parts' | 'sealed'): Promise<string[]> {
    const children = this.#children.get(day.source) ?? [];
    const behind: string[] = [];
    for (const child of children) if (!(await this.#hasPassed(child, day, of))) behind.push(child);
    return behind;
  }

  async #hasPassed(
    child: string,
    { source, day, parts, sealed }: JournalDay,
    of: 'parts' | 'sealed',
  ): Promise<boolean> {
    const { state } = await readState(this.#store, child);
    const root = await this.#fanOut.root(child, state?.fanOut);
    if (root?.source !== source) return false;
    const progress = await this.#fanOut.day(child, root, day);
    if (!parts.every((part) => progress.parts.includes(partIdOf(part)))) return false;
    if (of === 'parts' || sealed === null) return true;
    const manifest = (await sealed.manifest?.()) ?? null;
    return progress.sealed === (manifest?.sha256 ?? 'unknown');
  }
}
