import { assertJsonSize } from '../extraction/json-limits.ts';
import { WrongShape } from '../../domain/errors.ts';
import { ExactNumber, isJsonObject, parseJson } from '../../formats/exact-json.ts';
import { absoluteUrl } from './absolute-url.ts';
import { noHints, withoutRepeats, type Enclosure, type Feed, type FeedItem } from './feed-item.ts';

/**
 * Reads a JSON Feed, version 1 or 1.1.
 * @throws SyntaxError, WrongShape
 */
export function parseJsonFeed(text: string, base: string, subject: string): Feed {
  assertJsonSize(`fetch: ${subject}`, text);
  const { value } = parseJson(text);
  const feed = isJsonObject(value) ? value : {};
  const { items } = feed;
  if (!Array.isArray(items) || !isFeed(feed, items)) {
    throw new WrongShape(`fetch: ${subject} answered with JSON that is not a JSON Feed, expected version and items`);
  }
  const own = [feed['home_page_url'], feed['feed_url']].flatMap((address) => textOf(address) ?? []);
  return { items: items.map((item: unknown) => jsonItem(item, base)), complete: true, hints: noHints, own };
}

/** Some feeds give the number alone, or none: then they, or their items, must look like those of a feed. */
function isFeed(feed: Record<string, unknown>, items: readonly unknown[]): boolean {
  const version = textOf(feed['version']) ?? '';
  if (version.includes('jsonfeed') || /^v?1(?:\.\d+)*$/.test(version)) return true;
  if (version !== '') return false;
  if (textOf(feed['home_page_url']) !== null || textOf(feed['feed_url']) !== null) return true;
  const names = textOf(feed['title']) === null ? itemNames : [...itemNames, 'title'];
  return (
    items.length > 0 && items.every((item) => isJsonObject(item) && names.some((name) => Object.hasOwn(item, name)))
  );
}

const itemNames = ['content_html', 'content_text', 'date_published', 'url', 'external_url', 'summary', 'attachments'];

function jsonItem(item: unknown, base: string): FeedItem {
  const fields = isJsonObject(item) ? item : { value: item };
  const link = textOf(fields['url']) ?? textOf(fields['external_url']);
  return {
    guid: textOf(fields['id']),
    link: link === null ? null : absoluteUrl(link, base),
    title: textOf(fields['title']),
    published: textOf(fields['date_published']),
    updated: textOf(fields['date_modified']),
    enclosures: enclosures(fields['attachments'], base),
    fields,
    cut: false,
  };
}

function enclosures(attachments: unknown, base: string): Enclosure[] {
  if (!Array.isArray(attachments)) return [];
  const found = attachments.filter(isJsonObject).flatMap((attachment) => {
    const url = textOf(attachment['url']);
    if (url === null) return [];
    return [
      {
        url: absoluteUrl(url, base),
        type: textOf(attachment['mime_type']),
        length: textOf(attachment['size_in_bytes']),
      },
    ];
  });
  return withoutRepeats(found);
}

/** Numbers count as text: many feeds number their items. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  if (value instanceof ExactNumber) return value.text;
  return typeof value === 'number' ? String(value) : null;
}
