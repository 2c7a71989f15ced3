import type { ConfigFile } from '../config/file/config-file.ts';
import { configToKeep, type GoodConfig } from '../config/file/kept-config.ts';
import { messageOf } from '../domain/errors.ts';
import type { BlobStore } from '../store/blobs/blob-store.ts';
import { writeKeptConfig } from '../store/kept-configs.ts';
import type { Logger } from './logger.ts';

/** The delay of a retry after a failure. */
const retryMs = 30_000;

/** Keeps each configuration that is found good in the store, for workers that start while the file is broken. */
export class ConfigKeeper {
  readonly #write: (good: GoodConfig) => Promise<unknown>;
  readonly #logger: Logger;
  /** The newest one that is not kept yet. */
  #pending: GoodConfig | null = null;
  #working: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(config: ConfigFile, store: BlobStore, instance: string, logger: Logger) {
    this.#logger = logger;
    this.#write = async (good) => {
      const kept = configToKeep(good, config.file);
      return kept === null ? null : writeKeptConfig(store, instance, kept, new Date());
    };
    config.onGood((good) => {
      this.#pending = good;
      this.#start();
    });
  }

  /** Resolves once all writes are done. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#retry) clearTimeout(this.#retry);
    await this.#working;
  }

  #start(): void {
    if (this.#closed || this.#pending === null) return;
    this.#working ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    try {
      await this.#writePending();
    } finally {
      // In the same turn: what is found later starts it again.
      this.#working = null;
    }
  }

  async #writePending(): Promise<void> {
    for (let good = this.#pending; good !== null; good = this.#pending) {
      this.#pending = null;
      try {
        await this.#write(good);
      } catch (error) {
        this.#logger.warn({ error: messageOf(error) }, 'The configuration could not be kept in the store');
        this.#pending ??= good;
        this.#retry = setTimeout(() => this.#start(), retryMs).unref();
        return;
      }
    }
  }
}
