import { messageOf, SinkUnavailable } from '../../domain/errors.ts';
import type { StoragePart, StorageStatus } from '../../domain/monitoring/storage-health.ts';
import { withTimeout } from '../../formats/timeout.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { OpenedStore } from '../open-stores.ts';
import { bucketProbes } from '../paths/bucket-paths.ts';
import type { StoreHealth } from './store-health.ts';

type Action = 'write' | 'read' | 'list' | 'delete';

/** A bucket that takes longer counts as unavailable. */
const answerMs = 8_000;
/** After a write it is not probed for so long: each probe is paid for. */
const freshMs = 60_000;

/** The message of a failure, with the advice that is in it. */
export function bucketProblem(error: unknown): string {
  return messageOf(error).replace(/^store: /, '');
}

/** Whether a bucket can be used. A right may be missing alone, so each action counts for itself. */
export class BucketHealth implements StoreHealth {
  readonly part: StoragePart;
  /** The bucket's blobs, watched. */
  readonly blobs: BlobStore;
  readonly #store: OpenedStore;
  readonly #failures = new Map<Action, { readonly since: string; readonly error: string }>();
  #writtenMs = Number.NEGATIVE_INFINITY;

  constructor(part: StoragePart, store: OpenedStore) {
    this.part = part;
    this.#store = store;
    this.blobs = this.#watched(store.blobs);
  }

  async probe(): Promise<void> {
    const isFresh = performance.now() - this.#writtenMs < freshMs;
    const actions = new Set<Action>([...this.#failures.keys(), ...(isFresh ? [] : (['write'] as const))]);
    for (const action of actions) {
      // A failure is noted by the watch; one that takes too long is noted here.
      await withTimeout(answerMs, this.#try(action)).catch((error: unknown) => this.#failed(action, error));
    }
  }

  status(): StorageStatus {
    const [first] = [...this.#failures.values()].sort((a, b) => (a.since < b.since ? -1 : 1));
    const { error = null, since = null } = first ?? {};
    return { part: this.part, folder: this.#store.name, freeBytes: null, error, since };
  }

  async #try(action: Action): Promise<void> {
    const path = bucketProbes.use.build({});
    if (action === 'write') await this.blobs.put(path, 'x');
    if (action === 'read') await this.blobs.get(path);
    if (action === 'delete') await this.blobs.delete(path);
    if (action === 'list') await this.blobs.list(bucketProbes.conditions.folder({}));
  }

  #watched(blobs: BlobStore): BlobStore {
    const watch = async <T>(action: Action, work: Promise<T>): Promise<T> => {
      try {
        const result = await work;
        this.#succeeded(action);
        return result;
      } catch (error) {
        if (error instanceof SinkUnavailable) this.#failed(action, error);
        throw error;
      }
    };
    return {
      ...blobs,
      putIfAbsent: (path, content) => watch('write', blobs.putIfAbsent(path, content)),
      put: (path, content) => watch('write', blobs.put(path, content)),
      putStreamIfAbsent: (path, content) => watch('write', blobs.putStreamIfAbsent(path, content)),
      get: (path) => watch('read', blobs.get(path)),
      getStream: (path) => watch('read', blobs.getStream(path)),
      list: (folder) => watch('list', blobs.list(folder)),
      sizes: (folder) => watch('list', blobs.sizes(folder)),
      folders: (folder) => watch('list', blobs.folders(folder)),
      listOlder: (folder, before) => watch('list', blobs.listOlder(folder, before)),
      delete: (path) => watch('delete', blobs.delete(path)),
    };
  }

  #succeeded(action: Action): void {
    this.#failures.delete(action);
    if (action === 'write') this.#writtenMs = performance.now();
  }

  #failed(action: Action, error: unknown): void {
    const since = this.#failures.get(action)?.since ?? new Date().toISOString();
    this.#failures.set(action, { since, error: bucketProblem(error) });
    if (action === 'write') this.#writtenMs = Number.NEGATIVE_INFINITY;
  }
}
