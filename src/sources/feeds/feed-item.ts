/** What all dialects have in common, under one name each; the rest of an item has its own names. */
export interface FeedItem {
  /** The guid or id that the feed gives; null if it gives none. */
  readonly guid: string | null;
  /** Absolute. */
  readonly link: string | null;
  readonly title: string | null;
  /** As written. */
  readonly published: string | null;
  readonly updated: string | null;
  readonly enclosures: readonly Enclosure[];
  /** Everything that the item holds, under its own names. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The document broke off inside it. */
  readonly cut: boolean;
}

export interface Enclosure {
  readonly url: string;
  readonly type: string | null;
  readonly length: string | null;
}

/** One for each address: many feeds name a file as an enclosure and as media. */
export function withoutRepeats(enclosures: readonly Enclosure[]): Enclosure[] {
  const byUrl = new Map<string, Enclosure>();
  for (const { url, type, length } of enclosures) {
    const first = byUrl.get(url);
    byUrl.set(url, { url, type: first?.type ?? type, length: first?.length ?? length });
  }
  return [...byUrl.values()];
}

export interface Feed {
  readonly items: readonly FeedItem[];
  /** Whether the document reached its end. */
  readonly complete: boolean;
  readonly hints: PollingHints;
  /** Addresses and ids of the feed itself and of its site: an item with one of these has none of its own. */
  readonly own: readonly string[];
}

/** How often a feed wants to be polled. */
export interface PollingHints {
  readonly ttlMinutes: number | null;
  /** Hours of the day, UTC, in which polling is not needed. */
  readonly skipHours: readonly number[];
  /** `Monday` to `Sunday` */
  readonly skipDays: readonly string[];
}

export const noHints: PollingHints = { ttlMinutes: null, skipHours: [], skipDays: [] };
