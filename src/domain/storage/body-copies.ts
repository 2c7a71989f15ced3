/** A copy of a body, in parts. */
export interface BodyCopy {
  readonly name: string;
  readonly bytes: number;
  /** sha256 of all of it, in hex. */
  readonly sha256: string;
}

/** Copies of bodies of one run that are too large to be held, and cannot be requested from a position on. */
export interface BodyCopies {
  /** Stores a body under a new name. @param onPart called after each part, with the bytes stored so far */
  write(content: AsyncIterable<Uint8Array>, onPart: (bytes: number) => void): Promise<BodyCopy>;
  /** Its bytes from a position on. @throws CopyGone */
  stream(copy: Pick<BodyCopy, 'name' | 'bytes'>, start: number, end?: number): AsyncIterable<Buffer>;
  /** Deletes those of the run. */
  clear(): Promise<void>;
}

/** A copy is no longer whole: its body is requested again. */
export class CopyGone extends Error {}
