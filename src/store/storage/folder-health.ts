import { withTimeout } from '../../formats/timeout.ts';
import type { StoragePart, StorageStatus } from '../../domain/monitoring/storage-health.ts';
import { failureText, freeBytes, minProbeBytes, maxProbeBytes, probeFolder } from './probe.ts';
import type { StoreHealth } from './store-health.ts';
import type { WriteReports } from './watched-store.ts';

interface Failure {
  readonly since: string;
  readonly error: string;
  /** This many bytes could not be written. */
  readonly bytes: number;
}

/** A file system that takes longer counts as unavailable. */
const answerMs = 8_000;
/** Folders with failures of their own that are remembered, and tried again by each probe. */
const maxFailures = 20;

/** Whether a folder can be written: by the outcome of writes, and by its own probes. */
export class FolderHealth implements WriteReports, StoreHealth {
  readonly part: StoragePart;
  readonly root: string;
  /** By folder: one below the root may be closed alone. */
  readonly #failures = new Map<string, Failure>();
  #freeBytes: number | null = null;

  constructor(part: StoragePart, root: string) {
    this.part = part;
    this.root = root;
  }

  failed(folder: string, bytes: number, error: unknown): void {
    const before = this.#failures.get(folder);
    if (!before && this.#failures.size >= maxFailures) return;
    this.#failures.set(folder, {
      since: before?.since ?? new Date().toISOString(),
      error: `${failureText(error)}${folder === this.root ? '' : `, in ${folder}`}`,
      bytes: Math.max(before?.bytes ?? 0, bytes),
    });
  }

  succeeded(folder: string, bytes: number): void {
    const failure = this.#failures.get(folder);
    if (failure && bytes >= failure.bytes) this.#failures.delete(folder);
  }

  /** Tries to write into the folder, and where it could not be written before. */
  async probe(): Promise<void> {
    const folders = new Set([this.root, ...this.#failures.keys()]);
    for (const folder of folders) {
      const bytes = Math.min(maxProbeBytes, Math.max(minProbeBytes, this.#failures.get(folder)?.bytes ?? 0));
      try {
        await withTimeout(answerMs, probeFolder(folder, bytes));
        this.#failures.delete(folder);
      } catch (error) {
        this.failed(folder, bytes, error);
      }
    }
    this.#freeBytes = await freeBytes(this.root);
  }

  status(): StorageStatus {
    const failures = [...this.#failures.values()];
    const since = failures.map((failure) => failure.since).sort()[0] ?? null;
    // If the root cannot be written, neither can anything below it.
    const { error = null } = this.#failures.get(this.root) ?? failures[0] ?? {};
    return {
      part: this.part,
      folder: this.root,
      freeBytes: this.#freeBytes,
      error,
      since,
    };
  }
}
