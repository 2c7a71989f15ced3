import { PagedMemory, pageBytes, type Page } from './paged-memory.ts';

export type { Page } from './paged-memory.ts';

/** Words of the hash of its key, which each entry begins with. */
export const keyWords = 4;
/** A page with as many entries of keys that begin alike is not split but continued. */
const maxDepth = 26;

/**
 * Entries of a fixed size, found by the hash of their key, in pages of which most are in a temporary file: extendible hashing. Memory
 * grows by some bytes a page only. A page is read and written where it lies; there is no other order.
 */
export class HashPages {
  readonly #memory: PagedMemory;
  readonly #entryWords: number;
  readonly #perPage: number;
  /** The page of each beginning of a hash, `depth` bits of its first word. */
  #directory = new Uint32Array(1);
  #depth = 0;
  /** By page: how many bits its entries share, how many there are, and the page that continues it; 0 = none. */
  #depths = new Uint8Array(64);
  #counts = new Uint16Array(64);
  #nexts = new Uint32Array(64);
  #pages = 0;

  /** @param entryBytes a multiple of 16: the hash of the key, and what belongs to it */
  constructor(entryBytes: number, memoryBytes: number) {
    this.#memory = new PagedMemory(memoryBytes);
    this.#entryWords = entryBytes / 4;
    this.#perPage = pageBytes / entryBytes;
    this.#addPage(0);
  }

  get pages(): number {
    return this.#pages;
  }

  /** Number of entries that have a place, for tables beside this one. */
  get places(): number {
    return this.#pages * this.#perPage;
  }

  /** The page where the entries of a key begin. */
  #first(key: Uint32Array): number {
    return this.#directory[(key[0] ?? 0) & (this.#directory.length - 1)] ?? 0;
  }

  /** The page that continues another; 0 = none. */
  #next(number: number): number {
    return this.#nexts[number] ?? 0;
  }

  count(number: number): number {
    return this.#counts[number] ?? 0;
  }

  /** The place of an entry among all, until one is added. */
  place(number: number, index: number): number {
    return number * this.#perPage + index;
  }

  read(number: number): Page {
    return this.#memory.read(number, this.count(number) * this.#entryWords * 4);
  }

  /** Calls back with each entry of a key, until that returns true. @param is gets the word of the page where the entry begins */
  some(key: Uint32Array, is: (page: Page, word: number, place: number) => boolean): boolean {
    let number = this.#first(key);
    do {
      const page = this.read(number);
      const count = this.count(number);
      for (let index = 0; index < count; index++) {
        const word = index * this.#entryWords;
        if (isOf(page, word, key) && is(page, word, this.place(number, index))) return true;
      }
      number = this.#next(number);
    } while (number !== 0);
    return false;
  }

  /** Adds an entry; `fill` writes what follows the key, from a word of the page on. */
  add(key: Uint32Array, fill: (page: Page, word: number) => void): void {
    const number = this.#roomFor(key);
    const page = this.read(number);
    const word = this.count(number) * this.#entryWords;
    page.words.set(key, word);
    fill(page, word);
    this.#counts[number] = this.count(number) + 1;
    this.#memory.write(number, page, word * 4, (word + this.#entryWords) * 4);
  }

  close(): void {
    this.#memory.close();
  }

  /** A page of the key that is not full. */
  #roomFor(key: Uint32Array): number {
    for (;;) {
      const number = this.#first(key);
      if (this.#next(number) === 0 && this.count(number) < this.#perPage) return number;
      if (!this.#canSplit(number, key)) return this.#lastOf(number);
      if (this.#next(number) === 0) this.#split(number, key);
      else this.#splitContinued(number, key);
    }
  }

  /** Whether a split can ever part this key from one of the page. Entries of one key stay together, however many they are. */
  #canSplit(number: number, key: Uint32Array): boolean {
    if ((this.#depths[number] ?? 0) >= maxDepth) return false;
    const { words } = this.read(number);
    for (let index = 0; index < this.#perPage; index++) if (words[index * this.#entryWords] !== key[0]) return true;
    return false;
  }

  /** The last page that continues a full one. */
  #lastOf(number: number): number {
    let last = number;
    while (this.#next(last) !== 0) last = this.#next(last);
    if (this.count(last) < this.#perPage) return last;
    const added = this.#addPage(maxDepth);
    this.#nexts[last] = added;
    return added;
  }

  /** Moves the entries of a page whose next bit is set to a new one. */
  #split(number: number, key: Uint32Array): void {
    const { added, bit } = this.#deepen(number);
    const size = this.#entryWords;
    const entries = this.read(number).words.slice();
    const [stay, move]: [number[], number[]] = [[], []];
    for (let index = 0; index < this.#perPage; index++) {
      (((entries[index * size] ?? 0) & bit) === 0 ? stay : move).push(index);
    }
    for (const [to, kept] of [
      [number, stay],
      [added, move],
    ] as const) {
      this.#counts[to] = 0;
      const page = this.read(to);
      for (const [at, index] of kept.entries()) {
        page.words.set(entries.subarray(index * size, (index + 1) * size), at * size);
      }
      this.#counts[to] = kept.length;
      this.#memory.write(to, page, 0, kept.length * size * 4);
    }
    this.#pointTo(added, bit, bit, key);
  }

  /** All entries of a page that is continued begin alike: they stay, and the other half of its keys gets a new page. */
  #splitContinued(number: number, key: Uint32Array): void {
    const { added, bit } = this.#deepen(number);
    const itsBit = (this.read(number).words[0] ?? 0) & bit;
    this.#pointTo(added, bit, itsBit === 0 ? bit : 0, key);
  }

  #deepen(number: number): { readonly added: number; readonly bit: number } {
    const depth = this.#depths[number] ?? 0;
    if (depth === this.#depth) this.#double();
    this.#depths[number] = depth + 1;
    return { added: this.#addPage(depth + 1), bit: 2 ** depth };
  }

  /** Directs the beginnings with this value of a bit to a page; the bits before it are those of the key. */
  #pointTo(page: number, bit: number, value: number, key: Uint32Array): void {
    const beginning = ((key[0] ?? 0) & (bit - 1)) + value;
    for (let at = beginning; at < this.#directory.length; at += bit * 2) this.#directory[at] = page;
  }

  #double(): void {
    const doubled = new Uint32Array(this.#directory.length * 2);
    doubled.set(this.#directory);
    doubled.set(this.#directory, this.#directory.length);
    this.#directory = doubled;
    this.#depth++;
  }

  #addPage(depth: number): number {
    const number = this.#pages++;
    if (number === this.#counts.length) this.#growTables();
    this.#depths[number] = depth;
    this.#memory.add(number);
    return number;
  }

  #growTables(): void {
    const [depths, counts, nexts] = [this.#depths, this.#counts, this.#nexts];
    this.#depths = new Uint8Array(depths.length * 2);
    this.#counts = new Uint16Array(depths.length * 2);
    this.#nexts = new Uint32Array(depths.length * 2);
    this.#depths.set(depths);
    this.#counts.set(counts);
    this.#nexts.set(nexts);
  }
}

/** Whether an entry of a page is of a key. */
function isOf({ words }: Page, word: number, key: Uint32Array): boolean {
  return (
    words[word] === key[0] && words[word + 1] === key[1] && words[word + 2] === key[2] && words[word + 3] === key[3]
  );
}
