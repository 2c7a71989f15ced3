import { hash } from 'node:crypto';

/**
 * A set of keys as 16-byte hashes in one block of memory: 21 to 43 bytes a key, however long it is, and no limit of entries as
 * a `Set` has.
 */
export class KeySet {
  #slots = new Uint32Array(4 * 1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds the key of a record; false if it was there. */
  add(source: string, sourceId: string): boolean {
    const key = keyHash(source, sourceId);
    const place = this.#placeOf(key);
    if (!isFree(this.#slots, place)) return false;
    this.#slots.set(key, place);
    if (++this.#size * 4 > (this.#slots.length / 4) * 3) this.#grow();
    return true;
  }

  has(source: string, sourceId: string): boolean {
    return !isFree(this.#slots, this.#placeOf(keyHash(source, sourceId)));
  }

  #placeOf(key: Uint32Array): number {
    const slots = this.#slots;
    const mask = slots.length / 4 - 1;
    let place = ((key[0] ?? 0) & mask) * 4;
    while (!isFree(slots, place) && !isAt(slots, place, key)) place = (place + 4) & (slots.length - 1);
    return place;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let place = 0; place < old.length; place += 4) {
      if (isFree(old, place)) continue;
      const key = old.subarray(place, place + 4);
      this.#slots.set(key, this.#placeOf(key));
    }
  }
}

/** Four words that stand for a key. None is all zeros: that is a free slot. */
export function keyHash(source: string, sourceId: string): Uint32Array {
  const bytes = hash('sha256', `${source}\n${sourceId}`, 'buffer');
  const words = new Uint32Array([0, 4, 8, 12].map((offset) => bytes.readUInt32LE(offset)));
  words[3] = (words[3] ?? 0) | 1;
  return words;
}

function isFree(slots: Uint32Array, place: number): boolean {
  return slots[place + 3] === 0;
}

function isAt(slots: Uint32Array, place: number, key: Uint32Array): boolean {
  return (
    slots[place] === key[0] && slots[place + 1] === key[1] && slots[place + 2] === key[2] && slots[place + 3] === key[3]
  );
}
