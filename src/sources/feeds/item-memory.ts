/** How many keys are kept of items that a feed no longer shows. */
const maxKept = 10_000;

/** Which item a guid, link or hash belongs to. */
export interface Owner {
  /** Mark of its guid and link (see `pairMark`); empty = the key belongs to no item. */
  readonly pair: string;
  /** Mark of its last content (see `contentMark`). */
  readonly content: string;
  /** Several items of one document had key and pair: the owner is known by its content alone. */
  readonly isContested: boolean;
}

/** No item may have this key: it stands for several items. */
export const noOwner: Owner = { pair: '', content: '', isContested: true };

/** What a key means that is new to the source. */
export type Unknown =
  /** The first item with it may have it. */
  | 'free'
  /** One item of a document may have it; of several, one may be stored under it, and it is unknown which. */
  | 'free_for_one'
  /** Any item may be stored under it. */
  | 'taken';

/** Which item each guid, link and hash of a feed belongs to, those of the latest documents last. */
export class ItemMemory {
  readonly unknown: Unknown;
  readonly #owners: Map<string, Owner>;
  readonly #seen = new Map<string, Owner>();

  constructor(owners: Iterable<readonly [key: string, owner: Owner]>, unknown: Unknown) {
    this.#owners = new Map(owners);
    this.unknown = unknown;
  }

  /** @param text as `text()` gives it; null = there is none */
  static parse(text: string | null, unknown: Unknown): ItemMemory {
    const owners = (text ?? '').split('\n').flatMap((line): [string, Owner][] => {
      const [key = '', pair = '', content = '', contested] = line.split(' ');
      return key === '' ? [] : [[key, { pair, content, isContested: contested !== undefined }]];
    });
    return new ItemMemory(owners, text === null ? unknown : 'free');
  }

  get(key: string): Owner | null {
    return this.#owners.get(key) ?? null;
  }

  /** Of a document that is being read. */
  set(key: string, owner: Owner): void {
    this.#owners.set(key, owner);
    this.#seen.set(key, owner);
  }

  text(): string {
    const older = [...this.#owners].filter(([key]) => !this.#seen.has(key));
    const room = Math.max(0, maxKept - this.#seen.size);
    const kept = [...(room === 0 ? [] : older.slice(-room)), ...this.#seen];
    return kept
      .map(([key, owner]) => `${key} ${owner.pair} ${owner.content}${owner.isContested ? ' *' : ''}`)
      .join('\n');
  }
}
