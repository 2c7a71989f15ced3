import { closeSync, readSync, writeSync } from 'node:fs';
import { openUnnamedFile } from './unnamed-file.ts';

export const pageBytes = 4096;

/** A page, as words and as numbers. */
export interface Page {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly numbers: Float64Array;
}

/**
 * Pages by number. Only the first ones are kept in memory; the others are in a temporary file, most of which the system caches. If
 * there can be no file, all are kept in memory.
 */
export class PagedMemory {
  readonly #inMemory: (Page | undefined)[] = [];
  readonly #maxInMemory: number;
  /** What was read last from the file. */
  readonly #scratch = newPage();
  #scratchNumber = -1;
  /** Null = not opened; false = there can be none. */
  #file: number | null | false = null;

  /** @param memoryBytes in pages that are kept in memory */
  constructor(memoryBytes: number) {
    this.#maxInMemory = Math.floor(memoryBytes / pageBytes);
  }

  /** A new page of zeros. Numbers are given in order. */
  add(number: number): void {
    if (number >= this.#maxInMemory && this.#file === null) this.#file = openUnnamedFile() ?? false;
    if (number < this.#maxInMemory || typeof this.#file !== 'number') this.#inMemory[number] = newPage();
  }

  /** The page with this many bytes filled; until another one is read, or added to. */
  read(number: number, filled: number): Page {
    const page = this.#inMemory[number];
    if (page) return page;
    if (this.#scratchNumber === number) return this.#scratch;
    this.#scratchNumber = -1;
    const { bytes } = this.#scratch;
    for (let at = 0; at < filled;) {
      const read = readSync(this.#file as number, bytes, at, filled - at, number * pageBytes + at);
      if (read === 0) throw new Error('a temporary file has become shorter');
      at += read;
    }
    this.#scratchNumber = number;
    return this.#scratch;
  }

  /** Keeps some bytes of a page that was read and changed, all of which are filled up to their end. */
  write(number: number, page: Page, from: number, to: number): void {
    if (page !== this.#scratch) return;
    try {
      for (let at = from; at < to;) {
        at += writeSync(this.#file as number, page.bytes, at, to - at, number * pageBytes + at);
      }
    } catch {
      // The disk is full: this page stays in memory.
      const kept = newPage();
      kept.bytes.set(page.bytes);
      this.#inMemory[number] = kept;
      this.#scratchNumber = -1;
    }
  }

  close(): void {
    if (typeof this.#file === 'number') closeSync(this.#file);
    this.#file = false;
    this.#inMemory.length = 0;
  }
}

function newPage(): Page {
  const bytes = new Uint8Array(pageBytes);
  return { bytes, words: new Uint32Array(bytes.buffer), numbers: new Float64Array(bytes.buffer) };
}
