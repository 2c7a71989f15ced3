import { feedAccept } from '../http/accept-headers.ts';
import type { StatePatch } from '../../domain/state/fetch-position.ts';
import { hiddenValue, hidesValues } from '../../domain/plan/shaping-plan.ts';
import { WrongShape, messageOf } from '../../domain/errors.ts';
import type { RssPlan } from '../../domain/plan/source-plan.ts';
import type { Feed, FeedItem } from './feed-item.ts';
import { feedRecords } from './feed-record.ts';
import { freshUntil } from './freshness.ts';
import { ItemMemory } from './item-memory.ts';
import { parseJsonFeed } from './json-feed.ts';
import { parseXmlFeed } from './xml-feed.ts';
import type { DocumentFormat, Remembered } from '../extraction/document-format.ts';
import { DateOrders } from './date-order.ts';
import type { PageItem } from '../extraction/page.ts';
import { decodeDocument } from '../text/decode-document.ts';

/** Feeds: RSS, RDF, Atom and JSON Feed. */
export function feedFormat(plan: RssPlan, signal: AbortSignal): DocumentFormat {
  return {
    accept: feedAccept,
    async read(response, fetchedAt, { remembered = nothing }) {
      const { body, headers } = response;
      const contentType = headers['content-type'];
      const decoded = decodeDocument({ kind: 'xml', body, contentType, encoding: plan.encoding ?? null });
      const feed = await parseFeed(plan, decoded.text, response.url, signal);
      const memory = ItemMemory.parse(remembered.items, remembered.unknown);
      const orders = new DateOrders(plan.occurredAt.dateOrder, remembered.dateOrder);
      const { records, warnings, dateOrder } = feedRecords(feed, response.url, memory, orders);
      const items = records.map((value, index) => itemOf(value, index, feed.items[index]));
      const learnt = { warnings: [...decoded.warnings, ...warnings], itemMemory: memory.text() };
      const patch: StatePatch = {
        freshUntil: freshUntil(feed.hints, headers, fetchedAt),
        ...(dateOrder === null ? {} : { dateOrder }),
      };
      if (feed.complete) return { items, patch, ...learnt };
      if (items.length === 0) {
        throw new WrongShape(`fetch: ${plan.name} sent a feed that is cut off before its first item`);
      }
      return { items, ...learnt, broken: 'The feed is cut off before its end' };
    },
  };
}

const nothing: Remembered = { items: null, unknown: 'free', dateOrder: null };

async function parseFeed(plan: RssPlan, text: string, url: string, signal: AbortSignal): Promise<Feed> {
  const { name: subject } = plan;
  const start = text.trimStart().charAt(0);
  if (start === '') throw new WrongShape(`fetch: ${subject} sent an empty body, expected RSS, Atom or JSON Feed`);
  const object = start === '{' ? text : jsonBehind(text);
  if (object === null) {
    const feed = await parseXmlFeed(text, url, subject, signal);
    if (feed.items.length === 0 && itemLike.test(text)) {
      throw new WrongShape(
        `fetch: ${subject} sent a feed with no readable item, expected complete <item> or <entry> elements`,
      );
    }
    return feed;
  }
  try {
    return parseJsonFeed(object, url, subject);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new WrongShape(
      `fetch: ${subject} sent invalid JSON, expected a JSON Feed (${hidesValues(plan) ? hiddenValue : messageOf(error)})`,
    );
  }
}

/** A JSON Feed behind something that a server wrote before it; null if there is none. */
function jsonBehind(text: string): string | null {
  if (feedLike.test(text) || !text.trimEnd().endsWith('}')) return null;
  const start = text.search(/\{\s*"(?:version|title|home_page_url|feed_url|items)"\s*:/);
  return start === -1 ? null : text.slice(start);
}

/** What begins like a feed of XML. */
const feedLike = /<(?:[\w-]+:)?(?:rss|feed|rdf|channel|item|entry)[\s<>/]/i;

/** What begins like an item, complete or not. */
const itemLike = /<(?:[\w-]+:)?(?:item|entry)[\s<>/]/i;

function itemOf(value: object, index: number, item: FeedItem | undefined): PageItem {
  if (item?.cut !== true) return { index, raw: { value, exact: true, mayBeDeep: true } };
  const message = 'the feed is cut off inside this item';
  return { index, rejection: { reason: 'wrong_shape', message }, recordText: JSON.stringify(value) };
}
