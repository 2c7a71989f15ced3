import type { BlobStore } from '../blobs/blob-store.ts';
import { contentName, readHashed } from '../blobs/stored-json.ts';

/** Memory that texts may take together. */
const maxChars = 8 * 1024 * 1024;

/**
 * Texts in blobs that are named by their content. Those that this worker has read or written last are kept in memory: what has the name
 * of a text is that text.
 */
export class NamedTexts {
  readonly #store: BlobStore;
  /** What they are, for people. */
  readonly #what: string;
  readonly #maxChars: number;
  /** By path, the oldest first. */
  readonly #kept = new Map<string, string>();
  #chars = 0;

  constructor(store: BlobStore, what: string, limit = maxChars) {
    this.#store = store;
    this.#what = what;
    this.#maxChars = limit;
  }

  /** Null if the blob is gone or damaged. */
  async read(path: string, name: string): Promise<string | null> {
    const kept = this.#kept.get(path);
    if (kept !== undefined) return kept;
    const text = (await readHashed(this.#store, path, name, this.#what))?.toString() ?? null;
    if (text !== null) this.#keep(path, text);
    return text;
  }

  /**
   * Stores a text unless the state of its source names just this one, and this worker has read or written it: any other one may have been
   * deleted.
   * @returns its name
   */
  async write(pathOf: (name: string) => string, text: string, present: string | null): Promise<string> {
    const name = contentName(text);
    const path = pathOf(name);
    if (name === present && this.#kept.has(path)) return name;
    // One that is there already may be damaged.
    if (await this.#store.putIfAbsent(path, text)) this.#keep(path, text);
    return name;
  }

  /** Deletes the blobs of a folder but this one. */
  async keepOnly(folder: string, kept: string | null): Promise<void> {
    await this.delete((await this.#store.list(folder)).filter((path) => path !== kept));
  }

  async delete(paths: readonly string[]): Promise<void> {
    for (const path of paths) this.#forget(path);
    await Promise.all(paths.map((path) => this.#store.delete(path)));
  }

  #keep(path: string, text: string): void {
    this.#forget(path);
    if (text.length > this.#maxChars) return;
    this.#kept.set(path, text);
    this.#chars += text.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#chars <= this.#maxChars) return;
      this.#forget(oldest);
    }
  }

  #forget(path: string): void {
    this.#chars -= this.#kept.get(path)?.length ?? 0;
    this.#kept.delete(path);
  }
}
