import { jsonMark } from '../formats/json-mark.ts';
import { keyHash, KeySet } from '../store/journal/key-set.ts';
import { HashPages, keyWords } from '../store/tables/hash-pages.ts';

/** How the journal compares with a row: `same`, or the part that differs from every version of its key. */
export type VersionVerdict = 'same' | 'time' | 'payload' | 'absent';

/** The hash of the key, the time and what stands for the payload. */
const entryBytes = 32;
/** About 350,000 versions. */
const memoryBytes = 16 * 1024 * 1024;

/**
 * The versions that the journal holds of each key, as hashes: 32 bytes a version, however long key and payload are. The first
 * megabytes are in memory, the rest in a temporary file. All versions are added before the first row is matched.
 */
export class VersionTable {
  readonly #pages = new HashPages(entryBytes, memoryBytes);
  /** Of each version, whether a row of the key was seen: one bit each. */
  #seen: Uint8Array | null = null;
  /** Keys of which no row was seen, and those of them that were taken: usually few, so they are not looked for among all. */
  #unseenKeys: KeySet | null = null;
  readonly #taken = new KeySet();
  #distinct = 0;

  /** Distinct keys. */
  get keys(): number {
    return this.#distinct;
  }

  /**
   * @param micros since any fixed moment, below 2^53
   * @param payload its JSON text; null = it is not compared
   */
  add(source: string, sourceId: string, micros: number, payload: string | null): void {
    if (this.#seen !== null) throw new Error('a version was added after the first match');
    const key = keyHash(source, sourceId);
    const mark = markOf(payload);
    let isKnown = false;
    const isThere = this.#pages.some(key, ({ numbers }, word) => {
      isKnown = true;
      const number = numberAt(word);
      return numbers[number] === micros && numbers[number + 1] === mark;
    });
    if (isThere) return;
    if (!isKnown) this.#distinct++;
    this.#pages.add(key, ({ numbers }, word) => {
      numbers[numberAt(word)] = micros;
      numbers[numberAt(word) + 1] = mark;
    });
  }

  /** Checks whether one of the key's versions equals a row, and notes that there is such a row. */
  match(source: string, sourceId: string, micros: number, payload: string | null): VersionVerdict {
    const mark = markOf(payload);
    let verdict: VersionVerdict = 'absent';
    this.#pages.some(keyHash(source, sourceId), ({ numbers }, word, place) => {
      const number = numberAt(word);
      this.#see(place);
      const isSamePayload = payload === null || numbers[number + 1] === mark;
      if (isSamePayload && numbers[number] === micros) verdict = 'same';
      else if (isSamePayload && verdict !== 'same') verdict = 'time';
      else if (verdict === 'absent') verdict = 'payload';
      return false;
    });
    return verdict;
  }

  /** Whether no row of the key was seen; from now on one was. After the last match. */
  takeUnseen(source: string, sourceId: string): boolean {
    this.#unseenKeys ??= this.#listUnseen();
    const key = keyHash(source, sourceId);
    return this.#unseenKeys.hasHash(key) && this.#taken.addHash(key);
  }

  /** Whether any key was never seen. */
  hasUnseen(): boolean {
    this.#unseenKeys ??= this.#listUnseen();
    return this.#unseenKeys.size > this.#taken.size;
  }

  /** Frees the temporary file; the table cannot be used any more. */
  close(): void {
    this.#pages.close();
    this.#unseenKeys?.close();
    this.#taken.close();
  }

  #see(place: number): void {
    const seen = (this.#seen ??= this.#noneSeen());
    seen[place >>> 3] = (seen[place >>> 3] ?? 0) | (1 << (place & 7));
  }

  #noneSeen(): Uint8Array {
    return new Uint8Array(Math.ceil(this.#pages.places / 8));
  }

  #listUnseen(): KeySet {
    const seen = this.#seen ?? this.#noneSeen();
    const unseen = new KeySet();
    for (let number = 0; number < this.#pages.pages; number++) {
      const { words } = this.#pages.read(number);
      for (let index = 0; index < this.#pages.count(number); index++) {
        const place = this.#pages.place(number, index);
        const word = index * (entryBytes / 4);
        if (((seen[place >>> 3] ?? 0) & (1 << (place & 7))) === 0)
          unseen.addHash(words.subarray(word, word + keyWords));
      }
    }
    return unseen;
  }
}

/** Where the numbers of an entry begin: behind its key. */
function numberAt(word: number): number {
  return (word + keyWords) / 2;
}

/** Two versions of one key, not all payloads, must be told apart. */
function markOf(payload: string | null): number {
  return payload === null ? 0 : jsonMark(payload);
}
