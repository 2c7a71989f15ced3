/** Folders that a worker writes into. `home`: that of the embedded stack, where `up` runs it. */
export const storageParts = ['store', 'journal', 'home'] as const;
export type StoragePart = (typeof storageParts)[number];

/** Whether a folder can be written. */
export interface StorageStatus {
  readonly part: StoragePart;
  readonly folder: string;
  /** Why it cannot be written; null = it can, as far as is known. */
  readonly error: string | null;
  /** Since when it cannot. ISO 8601. */
  readonly since: string | null;
  /** Bytes that are free; null if the system does not say. */
  readonly freeBytes: number | null;
}

/** What cannot be written, each in a few words: `the store (/data) cannot be written: ENOSPC: no space left on device`. */
export function storageProblems(storage: readonly StorageStatus[]): string[] {
  return storage.flatMap(({ part, folder, error }) =>
    error === null ? [] : [`the ${part} (${folder}) cannot be written: ${error}`],
  );
}

/** Since when something cannot be written; null = all can. */
export function storageProblemSince(storage: readonly StorageStatus[]): string | null {
  return storage.flatMap(({ since }) => since ?? []).sort()[0] ?? null;
}
