import type { BlobStore } from '../blobs/blob-store.ts';
import { nothingPassed, type DayProgress } from '../../domain/state/fan-out.ts';
import { parseStoredJson, type IsShape } from '../blobs/stored-json.ts';
import { storePaths } from '../paths/paths.ts';
import { isDayProgress, isFanOutRoot, type FanOutRoot } from './fan-out-root.ts';
import { NamedBuffers } from './named-buffers.ts';
import { queueUnit } from './queued-parents.ts';

/** Blobs that belong to a fan-out. */
export interface FanOutNames {
  /** Of `fan-out`. */
  readonly blobs: ReadonlySet<string>;
  /** Of `polls`. */
  readonly keys: readonly string[];
}

/** Younger blobs may be named by a run that is still open, or by the state that a late attempt to save it puts back. */
const minAgeMs = 3_600_000;

/** Which parents of sources are done, in blobs by name. */
export class FanOutStore {
  readonly buffers: NamedBuffers;
  readonly #store: BlobStore;

  constructor(store: BlobStore) {
    this.#store = store;
    this.buffers = new NamedBuffers(store);
  }

  /** Null if there is none, or where it is gone or damaged: then all parents are requested again. */
  async root(source: string, name: string | null | undefined): Promise<FanOutRoot | null> {
    return typeof name !== 'string' ? null : this.#read(source, name, isFanOutRoot);
  }

  /** The first of these that is there. */
  async firstRoot(
    source: string,
    names: readonly (string | null | undefined)[],
  ): Promise<{ readonly name: string; readonly root: FanOutRoot } | null> {
    for (const name of names) {
      const root = await this.root(source, name);
      if (root !== null && typeof name === 'string') return { name, root };
    }
    return null;
  }

  async day(source: string, root: FanOutRoot, unit: string): Promise<DayProgress> {
    const entry = root.days[unit];
    return (entry && (await this.#read(source, entry.blob, isDayProgress))) ?? nothingPassed;
  }

  write(source: string, value: FanOutRoot | DayProgress): Promise<string> {
    return this.buffers.write(source, Buffer.from(JSON.stringify(value)));
  }

  /** All blobs that a state needs. */
  async namesOf(source: string, name: string | null | undefined): Promise<FanOutNames> {
    const root = await this.root(source, name);
    if (root === null || typeof name !== 'string') return { blobs: new Set(), keys: [] };
    const keys = [...root.keys, ...(root.revisit?.keys ?? [])];
    const days = Object.values(root.days);
    return {
      blobs: new Set([name, ...days.map(({ blob }) => blob), ...keys.map((blob) => blob.name)]),
      keys: Object.values(root.values).flatMap(({ previousPoll, unfinished }) => [
        ...previousPoll,
        ...(unfinished?.keyBlobs ?? []),
      ]),
    };
  }

  /** Deletes the blobs of a source that its state does not need and that are not young, and queued parents that are done. */
  async clean(source: string, name: string | null | undefined, now = new Date()): Promise<FanOutNames> {
    const names = await this.namesOf(source, name);
    await this.buffers.keepOnly(source, names.blobs, new Date(now.getTime() - minAgeMs));
    const root = await this.root(source, name);
    const done = root ? (await this.day(source, root, queueUnit)).parts : [];
    for (const part of done) await this.#store.delete(`${storePaths.queuedParents.folder({ source })}/${part}`);
    return names;
  }

  async #read<T>(source: string, name: string, isShape: IsShape<T>): Promise<T | null> {
    const content = await this.buffers.read(source, name);
    const parsed = content && parseStoredJson(content, 'which parents of a for_each are done', isShape);
    return parsed?.ok ? parsed.value : null;
  }
}
