/** Folders that a worker writes into. `home`: that of the embedded stack, where `up` runs it. */
export const storageParts = ['store', 'journal', 'home'] as const;
export type StoragePart = (typeof storageParts)[number];

/** Whether a folder, or a bucket, can be written. */
export interface StorageStatus {
  readonly part: StoragePart;
  /** Its path, or the URL of a bucket. */
  readonly folder: string;
  /** Why it cannot be written; null = it can, as far as is known. */
  readonly error: string | null;
  /** Since when it cannot. ISO 8601. */
  readonly since: string | null;
  /** Bytes that are free; null if the system does not say. */
  readonly freeBytes: number | null;
}

/**
 * What cannot be used, each in a few words: `the store (/data) cannot be written: ENOSPC: no space left on device`. Of a bucket a
 * right may be missing other than that to write.
 */
export function storageProblems(storage: readonly StorageStatus[]): string[] {
  return storage.flatMap(({ part, folder, error }) =>
    error === null
      ? []
      : [`the ${part} (${folder}) cannot be ${folder.startsWith('s3://') ? 'used' : 'written'}: ${error}`],
  );
}

/** Since when something cannot be written; null = all can. */
export function storageProblemSince(storage: readonly StorageStatus[]): string | null {
  return storage.flatMap(({ since }) => since ?? []).sort()[0] ?? null;
}
