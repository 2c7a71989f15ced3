import { alertKey } from '../../domain/monitoring/alert.ts';
import { noSource } from '../../domain/names.ts';
import {
  storageProblems,
  storageProblemSince,
  type StoragePart,
  type StorageStatus,
} from '../../domain/monitoring/storage-health.ts';
import type { BlobStore } from '../../store/blobs/blob-store.ts';
import { openAlerts } from '../../store/alerts/alerts.ts';
import type { OpenedStore, Stores } from '../../store/open-stores.ts';
import { BucketHealth } from '../../store/storage/bucket-health.ts';
import { FolderHealth } from '../../store/storage/folder-health.ts';
import type { StoreHealth } from '../../store/storage/store-health.ts';
import { watchedStore } from '../../store/storage/watched-store.ts';
import type { AlertMemory } from './alert-memory.ts';

/** How often they are probed. */
const probeMs = 10_000;
/** The alert with this name and without a source is the worker's own. */
const ownAlert = { name: 'store', source: noSource } as const;
/** What could not be stored is stored by a retry, at most this long after the store becomes writable again. */
const retriedMs = 180_000;

/**
 * Watches the stores and folders that this worker writes into. Those that cannot be used are shown by status, readiness and metrics,
 * and open an alert in memory: the store itself may be unwritable.
 */
export class StorageWatch {
  readonly #parts: StoreHealth[] = [];
  readonly #alerts: AlertMemory;
  readonly #stores = new Map<StoragePart, BlobStore>();
  #writableSinceMs: number | null = null;
  /** Why the store must not be used although it can be written. */
  #foreign: { readonly message: string; readonly since: string } | null = null;
  #timer: NodeJS.Timeout | undefined;
  #probing: Promise<void> | null = null;

  /** @param home folder of the embedded servers, where they belong to this worker */
  constructor({ store, journal }: Stores, home: string | null, alerts: AlertMemory) {
    this.#alerts = alerts;
    this.#watch('store', store);
    this.#watch('journal', journal);
    if (home !== null) this.#parts.push(new FolderHealth('home', home));
  }

  #watch(part: StoragePart, opened: OpenedStore): void {
    const { setting, blobs } = opened;
    if (setting.kind === 's3') {
      const health = new BucketHealth(part, opened);
      this.#parts.push(health);
      this.#stores.set(part, health.blobs);
      return;
    }
    const health = new FolderHealth(part, setting.folder);
    this.#parts.push(health);
    this.#stores.set(part, watchedStore(setting.folder, blobs, health));
  }

  /** Its blobs, watched. */
  store(part: StoragePart): BlobStore {
    const store = this.#stores.get(part);
    if (!store) throw new Error(`storage: ${part} is not watched`);
    return store;
  }

  async start(): Promise<void> {
    await this.probe();
    this.#timer = setInterval(() => void this.probe(), probeMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  status(): StorageStatus[] {
    return this.#parts.map((part) => part.status());
  }

  /** What cannot be used now, in words. */
  problems(): string[] {
    return [...(this.#foreign === null ? [] : [this.#foreign.message]), ...storageProblems(this.status())];
  }

  /** Sets that the store and the database do not belong together; null = they do. */
  foreign(message: string | null): void {
    this.#foreign = message === null ? null : { message, since: this.#foreign?.since ?? new Date().toISOString() };
    void this.probe();
  }

  /** Probes them all, and opens or resolves the alert. */
  async probe(): Promise<void> {
    this.#probing ??= this.#probe().finally(() => (this.#probing = null));
    await this.#probing;
  }

  async #probe(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.probe()));
    const problems = this.problems();
    const since = this.#foreign?.since ?? storageProblemSince(this.status());
    if (since !== null) {
      this.#writableSinceMs = null;
      this.#alerts.open({ ...ownAlert, state: 'open', since, message: problems.join('; ') });
    } else {
      this.#writableSinceMs ??= Date.now();
      await this.#letGo(this.#writableSinceMs).catch(() => undefined);
    }
    await this.#alerts.send();
  }

  /** Ends the alerts of this process: the store has them by now, or they are over. */
  async #letGo(writableSinceMs: number): Promise<void> {
    const kept = this.#alerts.all();
    if (kept.length === 0) return;
    const stored = await openAlerts(this.store('store'));
    for (const alert of kept) {
      const same = stored.find((found) => alertKey(found) === alertKey(alert)) ?? null;
      const isOwn = alertKey(alert) === alertKey(ownAlert);
      if (same && !isOwn) this.#alerts.forget(alert);
      else if (isOwn || Date.now() - writableSinceMs > retriedMs) this.#alerts.resolve(alert, same);
    }
  }
}
