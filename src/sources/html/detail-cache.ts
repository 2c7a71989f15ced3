import type { HttpTools } from '../http/fetch-document.ts';
import type { PageItem } from '../extraction/page.ts';

/** Longest text of an item that is kept, so that all of them fit in 32 MB. */
const maxTextLength = 64 * 1024;
const maxItems = 500;
const maxRuns = 1_000;
const keptMs = 10 * 60_000;

/**
 * What detail pages added to items, kept for some minutes: an interrupted fetch starts again, and must neither request pages again
 * that the site has already sent, nor fail because the site is slow.
 */
export class DetailCache {
  readonly #items = new Map<string, { readonly item: PageItem; readonly untilMs: number }>();
  readonly #asked = new Map<string, number>();

  get(key: string): PageItem | null {
    const kept = this.#items.get(key);
    return kept && kept.untilMs > Date.now() ? kept.item : null;
  }

  keep(key: string, item: PageItem, textLength: number): void {
    if (textLength <= maxTextLength) putLast(this.#items, key, { item, untilMs: Date.now() + keptMs }, maxItems);
  }

  /** Counts a page that a run asks for; returns how many those are. */
  count(run: string): number {
    const asked = (this.#asked.get(run) ?? 0) + 1;
    putLast(this.#asked, run, asked, maxRuns);
    return asked;
  }
}

/** Maps know the order in which their keys came: the oldest goes. */
function putLast<V>(map: Map<string, V>, key: string, value: V, limit: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > limit && oldest !== undefined) map.delete(oldest);
}

/** As long-lived as the tools that fetch the pages: a worker has one set. */
const known = new WeakMap<HttpTools, DetailCache>();

export function detailCacheOf(http: HttpTools): DetailCache {
  const kept = known.get(http) ?? new DetailCache();
  known.set(http, kept);
  return kept;
}
