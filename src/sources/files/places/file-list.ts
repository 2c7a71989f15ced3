import type { FileStamp } from './file-place.ts';

/** The files that a pattern matches. */
export interface FileList {
  /** Relative to the configuration as the pattern is, `/` between their parts, in the order of code units. */
  readonly paths: readonly string[];
  /** Folders that could not be read, and links that may not be followed: their files are missing here. */
  readonly errors: readonly unknown[];
  /** Links that lead nowhere, as `paths`. */
  readonly dangling: readonly string[];
  /** What the listing says of each file; absent = each is to be asked for. */
  readonly stamps?: ReadonlyMap<string, FileStamp>;
}
