import { hash } from 'node:crypto';
import { HashPages } from '../tables/hash-pages.ts';

const entryBytes = 16;
/** About 350,000 keys. */
const memoryBytes = 8 * 1024 * 1024;

/**
 * A set of keys as 16-byte hashes, however long they are. Its first megabytes are in memory, the rest in a temporary file: memory
 * does not grow with the number of keys.
 */
export class KeySet {
  readonly #pages = new HashPages(entryBytes, memoryBytes);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds the key of a record; false if it was there. */
  add(source: string, sourceId: string): boolean {
    return this.addHash(keyHash(source, sourceId));
  }

  has(source: string, sourceId: string): boolean {
    return this.hasHash(keyHash(source, sourceId));
  }

  /** Adds a key by its {@link keyHash}. */
  addHash(key: Uint32Array): boolean {
    if (this.hasHash(key)) return false;
    this.#pages.add(key, () => {});
    this.#size++;
    return true;
  }

  /** Frees the temporary file; the set cannot be used any more. */
  close(): void {
    this.#pages.close();
  }

  hasHash(key: Uint32Array): boolean {
    return this.#pages.some(key, () => true);
  }
}

/** Four words that stand for a key, until the next call. */
export function keyHash(source: string, sourceId: string): Uint32Array {
  const bytes = hash('sha256', `${source}\n${sourceId}`, 'buffer');
  for (let word = 0; word < 4; word++) keyWords[word] = bytes.readUInt32LE(word * 4);
  return keyWords;
}

const keyWords = new Uint32Array(4);
