import { createHash } from 'node:crypto';
import type { FeedItem } from './feed-item.ts';
import { feedTime } from './feed-time.ts';

/**
 * The payloads of a feed's items: everything that an item holds under its own names, and `id`, `link`, `title`,
 * `published`, `updated`, `enclosures` in the same way for all dialects. `id` is the guid, else the link, else a hash of
 * title, text and time; a guid that items with other links share is no id, their links are.
 */
export function feedRecords(items: readonly FeedItem[]): Record<string, unknown>[] {
  const shared = sharedGuids(items);
  return items.map((item) => {
    const usable = item.guid !== null && !shared.has(item.guid) ? item.guid : null;
    const id = usable ?? item.link ?? contentHash(item);
    const { link, title, enclosures } = item;
    return defined({
      ...item.fields,
      id,
      link,
      title,
      published: item.published === null ? null : feedTime(item.published),
      updated: item.updated === null ? null : feedTime(item.updated),
      enclosures: enclosures.length === 0 ? null : enclosures,
    });
  });
}

/** Guids that stand for several items: their links, or without links their titles, differ. */
function sharedGuids(items: readonly FeedItem[]): Set<string> {
  const first = new Map<string, string>();
  const shared = new Set<string>();
  for (const { guid, link, title } of items) {
    if (guid === null) continue;
    const known = first.get(guid);
    const mark = link === null ? `title ${title ?? ''}` : `link ${link}`;
    if (known === undefined) first.set(guid, mark);
    else if (known !== mark) shared.add(guid);
  }
  return shared;
}

function contentHash({ guid, title, published, fields }: FeedItem): string | null {
  const content = [
    title,
    published,
    fields['description'],
    fields['summary'],
    fields['content'],
    fields['content_html'],
  ];
  if (guid === null && content.every((part) => part === null || part === undefined)) return null;
  return createHash('sha256')
    .update(JSON.stringify([guid, ...content]))
    .digest('hex');
}

/** Without members that are null: a feed has no null. */
function defined(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
}
