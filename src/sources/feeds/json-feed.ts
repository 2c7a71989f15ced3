import { refuseHugeJson } from '../json-limits.ts';
import { WrongShape } from '../../domain/errors.ts';
import { ExactNumber, parseJson } from '../../domain/json.ts';
import { absoluteUrl } from './absolute-url.ts';
import { noHints, type Enclosure, type Feed, type FeedItem } from './feed-item.ts';

/**
 * Reads a JSON Feed, version 1 or 1.1.
 * @throws SyntaxError, WrongShape
 */
export function parseJsonFeed(text: string, base: string, subject: string): Feed {
  refuseHugeJson(`fetch: ${subject}`, text);
  const { value } = parseJson(text);
  const items = isObject(value) ? value['items'] : null;
  const version = isObject(value) ? value['version'] : null;
  if (!Array.isArray(items) || typeof version !== 'string' || !version.includes('jsonfeed')) {
    throw new WrongShape(`fetch: ${subject} answered with JSON that is no JSON Feed, expected version and items`);
  }
  return { items: items.map((item: unknown) => jsonItem(item, base)), complete: true, hints: noHints };
}

function jsonItem(item: unknown, base: string): FeedItem {
  const fields = isObject(item) ? item : { value: item };
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
  return attachments.filter(isObject).flatMap((attachment) => {
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
}

/** Numbers count as text: many feeds number their items. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  if (value instanceof ExactNumber) return value.text;
  return typeof value === 'number' ? String(value) : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}
