import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';

/** How long a worker relies on a listing of hosts. */
export const freshMs = 30_000;

/**
 * Hosts that have been closed once, as a worker has listed them last: of the others it need not be read whether they accept
 * requests. A host that another worker has found closed since is noticed with the next listing, or by its own answer.
 */
export class ListedHosts {
  readonly #store: BlobStore;
  #hosts = new Set<string>();
  #listedMs = -Infinity;
  #listing: Promise<void> | null = null;
  /** Hosts that this worker has written about since the listing began. */
  #added = new Set<string>();

  constructor(store: BlobStore) {
    this.#store = store;
  }

  /** Notes that this worker has closed a host. */
  add(host: string): void {
    this.#added.add(nameOf(host));
  }

  async has(host: string, nowMs: number): Promise<boolean> {
    if (nowMs - this.#listedMs >= freshMs) {
      this.#listing ??= this.#list(nowMs).finally(() => (this.#listing = null));
      await this.#listing;
    }
    const name = nameOf(host);
    return this.#hosts.has(name) || this.#added.has(name);
  }

  async #list(nowMs: number): Promise<void> {
    const before = this.#added;
    this.#added = new Set();
    try {
      this.#hosts = new Set(await this.#store.folders(storePaths.closure.folder({})));
      this.#listedMs = nowMs;
    } catch (error) {
      for (const name of before) this.#added.add(name);
      throw error;
    }
  }
}

/** The name of a host's folder. */
function nameOf(host: string): string {
  return storePaths.closure.folder({ host }).split('/').at(-1) ?? host;
}
