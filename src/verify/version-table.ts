import { hash } from 'node:crypto';
import { canonicalJson } from '../formats/canonical-json.ts';
import { keyHash } from '../store/journal/key-set.ts';

/** How the journal compares with a row: `same`, or the part that differs from every version of its key. */
export type VersionVerdict = 'same' | 'time' | 'payload' | 'absent';

/**
 * The versions that the journal holds of each key, in blocks of memory: 44 to 88 bytes a version, however long key and
 * payload are. Payloads are kept as hashes of their canonical text.
 */
export class VersionTable {
  #keys = new Uint32Array(4 * 1024);
  #payloads = new Float64Array(1024);
  #times = new Float64Array(1024);
  /** Whether a row of the key was seen. */
  #seen = new Uint8Array(1024);
  #versions = 0;
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
    const key = keyHash(source, sourceId);
    const mark = markOf(payload);
    let known = false;
    let slot = this.#first(key);
    for (; this.#isTaken(slot); slot = this.#next(slot)) {
      if (!this.#holds(slot, key)) continue;
      known = true;
      if (this.#times[slot] === micros && this.#payloads[slot] === mark) return;
    }
    if (!known) this.#distinct++;
    this.#put(slot, key, micros, mark, 0);
    if (++this.#versions * 4 > this.#times.length * 3) this.#grow();
  }

  /** Checks whether one of the key's versions equals a row, and notes that there is such a row. */
  match(source: string, sourceId: string, micros: number, payload: string | null): VersionVerdict {
    const key = keyHash(source, sourceId);
    const mark = markOf(payload);
    let verdict: VersionVerdict = 'absent';
    for (let slot = this.#first(key); this.#isTaken(slot); slot = this.#next(slot)) {
      if (!this.#holds(slot, key)) continue;
      this.#seen[slot] = 1;
      const isSamePayload = payload === null || this.#payloads[slot] === mark;
      if (isSamePayload && this.#times[slot] === micros) verdict = 'same';
      else if (isSamePayload && verdict !== 'same') verdict = 'time';
      else if (verdict === 'absent') verdict = 'payload';
    }
    return verdict;
  }

  /** Whether no row of the key was seen; from now on one was. */
  takeUnseen(source: string, sourceId: string): boolean {
    const key = keyHash(source, sourceId);
    let unseen = false;
    for (let slot = this.#first(key); this.#isTaken(slot); slot = this.#next(slot)) {
      if (!this.#holds(slot, key)) continue;
      unseen ||= this.#seen[slot] === 0;
      this.#seen[slot] = 1;
    }
    return unseen;
  }

  /** Whether any key was never seen. */
  hasUnseen(): boolean {
    return this.#times.some((_, slot) => this.#isTaken(slot) && this.#seen[slot] === 0);
  }

  #first(key: Uint32Array): number {
    return (key[0] ?? 0) & (this.#times.length - 1);
  }

  #next(slot: number): number {
    return (slot + 1) & (this.#times.length - 1);
  }

  #isTaken(slot: number): boolean {
    return this.#keys[slot * 4 + 3] !== 0;
  }

  #holds(slot: number, key: Uint32Array): boolean {
    for (let word = 0; word < 4; word++) if (this.#keys[slot * 4 + word] !== key[word]) return false;
    return true;
  }

  #put(slot: number, key: Uint32Array, micros: number, mark: number, seen: number): void {
    this.#keys.set(key, slot * 4);
    this.#times[slot] = micros;
    this.#payloads[slot] = mark;
    this.#seen[slot] = seen;
  }

  #grow(): void {
    const [keys, payloads, times, seen] = [this.#keys, this.#payloads, this.#times, this.#seen];
    this.#keys = new Uint32Array(keys.length * 2);
    this.#payloads = new Float64Array(times.length * 2);
    this.#times = new Float64Array(times.length * 2);
    this.#seen = new Uint8Array(times.length * 2);
    for (let old = 0; old < times.length; old++) {
      if (keys[old * 4 + 3] === 0) continue;
      const key = keys.subarray(old * 4, old * 4 + 4);
      let slot = this.#first(key);
      while (this.#isTaken(slot)) slot = this.#next(slot);
      this.#put(slot, key, times[old] ?? 0, payloads[old] ?? 0, seen[old] ?? 0);
    }
  }
}

/** 52 bits of a payload's hash: two versions of one key, not all payloads, must be told apart. */
function markOf(payload: string | null): number {
  if (payload === null) return 0;
  return Number.parseInt(hash('sha256', canonicalJson(payload), 'hex').slice(0, 13), 16);
}
