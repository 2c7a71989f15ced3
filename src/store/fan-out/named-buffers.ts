import type { BlobStore } from '../blobs/blob-store.ts';
import { contentName, readHashed } from '../blobs/stored-json.ts';
import { storePaths } from '../paths/paths.ts';

/** Memory that contents may take together. */
const maxBytes = 64 * 1024 * 1024;

/** Blobs of fan-outs that are named by their content. Those that this worker has read or written last are kept in memory. */
export class NamedBuffers {
  readonly #store: BlobStore;
  /** By path, the oldest first. */
  readonly #kept = new Map<string, Buffer>();
  #bytes = 0;

  constructor(store: BlobStore) {
    this.#store = store;
  }

  /** Null if the blob is gone or damaged: that costs work, not data. */
  async read(source: string, name: string): Promise<Buffer | null> {
    const path = pathOf(source, name);
    const kept = this.#kept.get(path);
    const content = kept ?? (await readHashed(this.#store, path, name, 'which parents of a for_each are done'));
    if (content !== null) this.#keep(path, content);
    return content;
  }

  /** @returns the name of the blob */
  async write(source: string, content: Buffer): Promise<string> {
    const name = contentName(content);
    const path = pathOf(source, name);
    // One that is there already may be damaged.
    if (await this.#store.putIfAbsent(path, content)) this.#keep(path, content);
    return name;
  }

  /** Deletes the blobs of a source that were written before a time, but for these. */
  async keepOnly(source: string, names: ReadonlySet<string>, before: Date): Promise<void> {
    for (const path of await this.#store.listOlder(storePaths.fanOut.folder({ source }), before)) {
      const name = storePaths.fanOut.parse(path)?.name;
      if (name === undefined || names.has(name)) continue;
      this.#forget(path);
      await this.#store.delete(path);
    }
  }

  #keep(path: string, content: Buffer): void {
    this.#forget(path);
    if (content.length > maxBytes) return;
    this.#kept.set(path, content);
    this.#bytes += content.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= maxBytes) return;
      this.#forget(oldest);
    }
  }

  #forget(path: string): void {
    this.#bytes -= this.#kept.get(path)?.length ?? 0;
    this.#kept.delete(path);
  }
}

function pathOf(source: string, name: string): string {
  return storePaths.fanOut.build({ source, name });
}
