/**
 * Small immutable blobs by path, and a few that are replaced whole. Paths are `/`-separated; the interface has no rename, so that
 * an object store can implement it.
 */
export interface BlobStore {
  /** Writes a blob unless one is there. Resolves once it is durable; false = there was one, which is left as it is. */
  putIfAbsent(path: string, content: Uint8Array | string): Promise<boolean>;
  /** Writes a blob, replacing any; readers see the old one or the new one, whole. */
  put(path: string, content: Uint8Array | string): Promise<void>;
  /** The blob's bytes, or null if there is none. */
  get(path: string): Promise<Buffer | null>;
  /** The same as `putIfAbsent`, for a blob too large to be held: it is never whole in memory. */
  putStreamIfAbsent(path: string, content: AsyncIterable<Uint8Array>): Promise<boolean>;
  /** The blob's bytes as they are read, or null if there is none. */
  getStream(path: string): Promise<AsyncIterable<Uint8Array> | null>;
  /**
   * Paths of all blobs under a folder, in order; none if there is no such folder. They are listed lazily: no more than the names of
   * one folder, and of those above it, are held.
   */
  walk(folder: string): AsyncIterable<string>;
  /** The same at once, for folders that hold a bounded number. */
  list(folder: string): Promise<string[]>;
  /** The same with the bytes of each, in order. */
  sizes(folder: string): Promise<ReadonlyMap<string, number>>;
  /** Names of the folders right below a folder, in order, whatever they hold. */
  folders(folder: string): Promise<string[]>;
  /** The same as `list`, but only those written before a time. */
  listOlder(folder: string, before: Date): Promise<string[]>;
  /** Deletes a blob; does nothing where there is none. */
  delete(path: string): Promise<void>;
  /** Deletes what kills left half written, older than a day, and empty folders; returns how many files. */
  deleteLeftovers(signal: AbortSignal): Promise<number>;
  /** Called with damaged blobs. Absent: they stay where they are, and are not reported. */
  readonly onDamage?: OnDamage;
}

/** A stored file with unexpected content. */
export interface Damage {
  readonly path: string;
  /** `is not valid JSON, expected an alert`. Never quotes the file: it may hold secrets. */
  readonly problem: string;
  /** The file as it was read. */
  readonly content: Buffer;
  /** What of it is still good, to stay in its place; `all` = it must stay where it is. */
  readonly remains: Buffer | 'all' | 'nothing';
}

/** Called with each damage that a reader meets; the reader continues as if the file did not exist. */
export type OnDamage = (damage: Damage) => Promise<void>;
