import type { DateOrder } from '../../domain/plan/plan-parts.ts';
import type { Warning } from '../../domain/run/warning.ts';
import { DateOrders } from './date-order.ts';
import type { Feed, FeedItem } from './feed-item.ts';
import { feedTime } from './feed-time.ts';
import { settleIds } from './item-ids.ts';
import { EmptyKeys } from './item-marks.ts';
import { ItemMemory } from './item-memory.ts';
import { isXhtml, withoutWrapper, withoutWrappers } from './xhtml-wrapper.ts';

export interface FeedRecords {
  readonly records: Record<string, unknown>[];
  readonly warnings: readonly Warning[];
  /** The order of numeric dates that this document shows; null = it shows none. */
  readonly dateOrder: DateOrder | null;
}

/**
 * The payloads of a feed's items: everything that an item holds under its own names, and `id`, `link`, `title`,
 * `published`, `updated`, `enclosures` in the same way for all dialects.
 * @param base address of the feed
 * @param memory which item each guid, link and hash belongs to; learns from these
 */
export function feedRecords(
  { items, own }: Pick<Feed, 'items' | 'own'>,
  base: string,
  memory = new ItemMemory([], 'free'),
  orders = new DateOrders(),
): FeedRecords {
  const ids = settleIds(items, memory, new EmptyKeys(base, own));
  for (const { published, updated } of items) {
    if (published !== null) orders.notice(published);
    if (updated !== null) orders.notice(updated);
  }
  const { order } = orders;
  const records = items.map((item, index) => recordOf(item, ids[index] ?? null, order));
  return { records, warnings: orders.warnings(), dateOrder: orders.shown };
}

function recordOf(item: FeedItem, id: string | null, order: DateOrder | null): Record<string, unknown> {
  const { link, title, published, updated, enclosures } = item;
  return defined({
    ...withoutWrappers(item.fields),
    id,
    link,
    title: title !== null && isXhtml(item.fields['title']) ? withoutWrapper(title) : title,
    published: published === null ? null : feedTime(published, order),
    updated: updated === null ? null : feedTime(updated, order),
    enclosures: enclosures.length === 0 ? null : enclosures,
  });
}

/** Without members that are null: a feed has no null. */
function defined(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
}
