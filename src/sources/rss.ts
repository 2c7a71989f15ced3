import type { StatePatch } from '../domain/fetch.ts';
import { WrongShape, messageOf } from '../domain/errors.ts';
import type { RssPlan } from '../domain/source.ts';
import type { Feed, FeedItem } from './feeds/feed-item.ts';
import { feedRecords } from './feeds/feed-record.ts';
import { freshUntil } from './feeds/freshness.ts';
import { parseJsonFeed } from './feeds/json-feed.ts';
import { parseXmlFeed } from './feeds/xml-feed.ts';
import type { DocumentFormat } from './http-pages.ts';
import { decodeXml } from './http/charset.ts';
import type { HttpResponse } from './http/http-client.ts';
import type { PageItem } from './page.ts';

const accept =
  'application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.5';

/** Feeds: RSS, RDF, Atom and JSON Feed. */
export function feedFormat(plan: RssPlan, signal: AbortSignal): DocumentFormat {
  return {
    accept,
    async read(response, fetchedAt) {
      const feed = await parseFeed(plan.name, response, signal);
      const items = feedRecords(feed.items).map((value, index) => itemOf(value, index, feed.items[index]));
      const patch: StatePatch = { freshUntil: freshUntil(feed.hints, response.headers, fetchedAt) };
      if (feed.complete) return { items, patch };
      if (items.length === 0) {
        throw new WrongShape(`fetch: ${plan.name} sent a feed that breaks off before its first item`);
      }
      return { items, broken: 'The feed breaks off before its end' };
    },
  };
}

async function parseFeed(subject: string, response: HttpResponse, signal: AbortSignal): Promise<Feed> {
  const text = decodeXml(response.body, response.headers['content-type']);
  const start = text.trimStart().charAt(0);
  if (start === '') throw new WrongShape(`fetch: ${subject} sent nothing, expected RSS, Atom or JSON Feed`);
  if (start !== '{') {
    const feed = await parseXmlFeed(text, response.url, subject, signal);
    if (feed.items.length === 0 && itemLike.test(text)) {
      throw new WrongShape(
        `fetch: ${subject} sent a feed in which no item can be read, expected whole <item> or <entry>`,
      );
    }
    return feed;
  }
  try {
    return parseJsonFeed(text, response.url, subject);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new WrongShape(`fetch: ${subject} sent JSON that is broken, expected a JSON Feed (${messageOf(error)})`);
  }
}

/** What begins like an item, whatever became of it. */
const itemLike = /<(?:[\w-]+:)?(?:item|entry)[\s<>/]/i;

function itemOf(value: object, index: number, item: FeedItem | undefined): PageItem {
  if (item?.cut !== true) return { index, raw: { value, exact: true, mayBeDeep: true } };
  const message = 'the feed breaks off inside this item, expected its end';
  return { index, rejection: { reason: 'wrong_shape', message }, recordText: JSON.stringify(value) };
}
