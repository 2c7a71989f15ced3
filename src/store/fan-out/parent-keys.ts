import { hash } from 'node:crypto';
import type { NamedBuffers } from './named-buffers.ts';

/** A blob of keys. */
export interface KeyBlob {
  readonly name: string;
  readonly entries: number;
}

/** What stands for a parent, and for what it holds. */
export interface ParentMark {
  readonly key: string;
  readonly content: string;
}

/** Bytes of a key, and of a content. */
const size = 8;
const entrySize = 2 * size;
/** Blobs are not merged to larger ones. */
const maxEntries = 4_000_000;

/** @param payload its JSON text */
export function markOf(sourceId: string, payload: string): ParentMark {
  return { key: digest(sourceId), content: digest(`${sourceId}\n${payload}`) };
}

function digest(text: string): string {
  return hash('sha256', text, 'binary').slice(0, size);
}

/**
 * What each parent held when it was last requested, as 16 bytes in sorted blobs: only those that a worker has used last are in memory.
 * Two keys that look alike cost a request, and a content is taken for another one once in 2^64 comparisons.
 */
export class ParentKeys {
  readonly #blobs: NamedBuffers;
  readonly #source: string;
  #names: readonly KeyBlob[];
  /** Not stored yet. */
  readonly #recent = new Map<string, string>();
  /** Whether there may be more blobs than necessary. */
  #isMixed = false;

  /** @param names the oldest first: later ones replace what earlier ones say */
  constructor(blobs: NamedBuffers, source: string, names: readonly KeyBlob[]) {
    this.#blobs = blobs;
    this.#source = source;
    this.#names = names;
  }

  /** Adds what another run knows: its blobs count as older ones. */
  adopt(blobs: readonly KeyBlob[]): void {
    const own = new Set(this.#names.map(({ name }) => name));
    const others = blobs.filter(({ name }) => !own.has(name));
    if (others.length === 0) return;
    this.#names = [...others, ...this.#names];
    this.#isMixed = true;
  }

  set({ key, content }: ParentMark): void {
    this.#recent.set(key, content);
  }

  /** What the parents held, in the same order; null = not known. */
  async find(marks: readonly ParentMark[]): Promise<(string | null)[]> {
    const found = marks.map(({ key }) => this.#recent.get(key) ?? null);
    for (const { name } of this.#names.toReversed()) {
      if (!found.includes(null)) break;
      const blob = await this.#blobs.read(this.#source, name);
      if (blob === null) continue;
      for (const [index, { key }] of marks.entries()) found[index] ??= findIn(blob, key);
    }
    return found;
  }

  /** Stores what is new; blobs of a similar size are merged, so that there are few. @returns the blobs */
  async save(): Promise<readonly KeyBlob[]> {
    if (this.#recent.size === 0 && !this.#isMixed) return this.#names;
    const saved: KeyBlob[] = [];
    let last: Buffer | KeyBlob = encode(this.#recent);
    for (const older of this.#names.toReversed()) {
      const entries = entriesOf(last);
      if (entries > 0 && (older.entries >= 2 * entries || older.entries + entries > maxEntries)) {
        saved.push(await this.#stored(last));
        last = older;
      } else if (entries === 0) last = older;
      else last = merge(await this.#content(older), await this.#content(last));
    }
    if (entriesOf(last) > 0) saved.push(await this.#stored(last));
    this.#names = saved.reverse();
    this.#recent.clear();
    this.#isMixed = false;
    return this.#names;
  }

  /** None if the blob is gone: its parents are not known then. */
  async #content(blob: Buffer | KeyBlob): Promise<Buffer> {
    if (Buffer.isBuffer(blob)) return blob;
    return (await this.#blobs.read(this.#source, blob.name)) ?? Buffer.alloc(0);
  }

  async #stored(blob: Buffer | KeyBlob): Promise<KeyBlob> {
    if (!Buffer.isBuffer(blob)) return blob;
    return { name: await this.#blobs.write(this.#source, blob), entries: entriesOf(blob) };
  }
}

function entriesOf(blob: Buffer | KeyBlob): number {
  return Buffer.isBuffer(blob) ? blob.length / entrySize : blob.entries;
}

function encode(entries: ReadonlyMap<string, string>): Buffer {
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.from(sorted.map(([key, content]) => key + content).join(''), 'latin1');
}

/** Both are sorted; of two entries with one key the newer one stays. */
function merge(older: Buffer, newer: Buffer): Buffer {
  const merged = Buffer.allocUnsafe(older.length + newer.length);
  let [a, b, end] = [0, 0, 0];
  while (a < older.length || b < newer.length) {
    const order = a >= older.length ? 1 : b >= newer.length ? -1 : older.compare(newer, b, b + size, a, a + size);
    const [from, at] = order < 0 ? [older, a] : [newer, b];
    end += from.copy(merged, end, at, at + entrySize);
    if (order <= 0) a += entrySize;
    if (order >= 0) b += entrySize;
  }
  return merged.subarray(0, end);
}

function findIn(blob: Buffer, key: string): string | null {
  const wanted = Buffer.from(key, 'latin1');
  let [low, high] = [0, blob.length / entrySize];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = middle * entrySize;
    const order = blob.compare(wanted, 0, size, at, at + size);
    if (order === 0) return blob.toString('latin1', at + size, at + entrySize);
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return null;
}
