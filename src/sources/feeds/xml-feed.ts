import { setImmediate } from 'node:timers/promises';
import { withoutRepeats, type Enclosure, type Feed, type FeedItem, type PollingHints } from './feed-item.ts';
import { knownFeedTime } from './feed-time.ts';
import type { XmlObject, XmlValue } from './xml-element.ts';
import { readXmlFeed, type XmlItem } from './xml-reader.ts';
import { attributeOf, firstText, listOf, textOf } from './xml-values.ts';

/** Items between two yields to the event loop. */
const itemsPerBatch = 1_000;

/**
 * Reads RSS 0.9 to 2.0, RDF, Atom 0.3 and 1.0.
 * @throws WrongShape
 */
export async function parseXmlFeed(text: string, base: string, subject: string, signal: AbortSignal): Promise<Feed> {
  const { vocabulary, items, channel, complete } = await readXmlFeed(text, base, subject, signal);
  const read = vocabulary === 'atom' ? atomItem : rssItem;
  const found: FeedItem[] = [];
  for (const item of items) {
    found.push(read(item));
    if (found.length % itemsPerBatch === 0) await setImmediate();
  }
  return { items: found, complete, hints: hintsOf(channel), own: ownAddresses(channel) };
}

function ownAddresses(channel: XmlObject): string[] {
  const links = ['link', 'atom:link'].flatMap((name) => listOf(channel[name]));
  const written = links.flatMap((link) => textOf(link) ?? attributeOf(link, 'href') ?? []);
  return [...written, ...['id', 'atom:id', 'rdf:about'].flatMap((name) => firstText(channel, name) ?? [])];
}

function rssItem({ fields, base: _base, cut }: XmlItem): FeedItem {
  const guid = firstText(fields, 'guid', 'rdf:about', 'atom:id', 'id', 'dc:identifier');
  const permalink = listOf(fields['guid']).find(
    (value) => attributeOf(value, 'isPermaLink')?.toLowerCase() !== 'false',
  );
  return {
    guid,
    link: rssLink(fields) ?? (guid !== null && permalink !== undefined && /^https?:/i.test(guid) ? guid : null),
    title: firstText(fields, 'title', 'dc:title', 'media:title', 'itunes:title'),
    published: firstTime(
      fields,
      'pubDate',
      'published',
      'dc:date',
      'dcterms:issued',
      'dcterms:created',
      'atom:published',
      'date',
    ),
    updated: firstTime(fields, 'atom:updated', 'updated', 'dcterms:modified', 'lastBuildDate'),
    enclosures: withoutRepeats([
      ...enclosures(listOf(fields['enclosure']), 'url'),
      ...enclosures(linksOf(fields, 'enclosure'), 'href'),
      ...enclosures(mediaOf(fields), 'url'),
    ]),
    fields,
    cut,
  };
}

/** The first that can be read, else the first. */
function firstTime(fields: XmlObject, ...names: readonly string[]): string | null {
  const texts = names.flatMap((name) => listOf(fields[name])).flatMap((value) => textOf(value) ?? []);
  const [first = null] = texts;
  return texts.length < 2 ? first : (texts.find((text) => knownFeedTime(text, null) !== null) ?? first);
}

/** Some feeds write their link as Atom does. */
function rssLink(fields: XmlObject): string | null {
  const [written] = listOf(fields['link']).flatMap((link) => textOf(link) ?? attributeOf(link, 'href') ?? []);
  return written ?? alternate(fields) ?? firstText(fields, 'rdf:about', 'feedburner:origLink');
}

function atomItem({ fields, cut }: XmlItem): FeedItem {
  return {
    guid: firstText(fields, 'id', 'guid'),
    link: alternate(fields) ?? firstText(fields, 'link', 'feedburner:origLink'),
    title: firstText(fields, 'title', 'dc:title', 'media:title'),
    published: firstTime(fields, 'published', 'issued', 'created', 'dc:date', 'dcterms:issued', 'pubDate'),
    updated: firstTime(fields, 'updated', 'modified', 'dcterms:modified'),
    enclosures: withoutRepeats([
      ...enclosures(linksOf(fields, 'enclosure'), 'href'),
      ...enclosures(mediaOf(fields), 'url'),
    ]),
    fields,
    cut,
  };
}

/** The address of an item's page: of its links, the one without relation or with `alternate`, HTML before others. */
function alternate(fields: XmlObject): string | null {
  const links = linksOf(fields, 'alternate');
  const html = links.find((link) => /html/i.test(attributeOf(link, 'type') ?? 'text/html'));
  const link = html ?? links[0];
  return link === undefined ? null : attributeOf(link, 'href');
}

function linksOf(fields: XmlObject, relation: string): XmlValue[] {
  return [...listOf(fields['link']), ...listOf(fields['atom:link'])].filter(
    (link) => attributeOf(link, 'href') !== null && relationOf(link) === relation,
  );
}

/** A name of a relation may be written as an address. */
function relationOf(link: XmlValue): string {
  const written = (attributeOf(link, 'rel') ?? 'alternate').trim().toLowerCase();
  return written.replace(/^https?:\/\/www\.iana\.org\/assignments\/relation\//, '');
}

function mediaOf(fields: XmlObject): XmlValue[] {
  const grouped = listOf(fields['media:group']).flatMap((group) =>
    typeof group === 'string' || Array.isArray(group) ? [] : listOf(group['media:content']),
  );
  return [...listOf(fields['media:content']), ...grouped];
}

function enclosures(values: readonly XmlValue[], urlName: string): Enclosure[] {
  return values.flatMap((value) => {
    const url = attributeOf(value, urlName);
    if (url === null) return [];
    const length = attributeOf(value, 'length') ?? attributeOf(value, 'fileSize');
    return [{ url, type: attributeOf(value, 'type'), length }];
  });
}

const updateMinutes: Readonly<Record<string, number>> = {
  hourly: 60,
  daily: 1_440,
  weekly: 10_080,
  monthly: 43_200,
  yearly: 525_600,
};

function hintsOf(channel: XmlObject): PollingHints {
  const ttl = Number(firstText(channel, 'ttl') ?? Number.NaN);
  const period = updateMinutes[(firstText(channel, 'sy:updatePeriod') ?? '').toLowerCase()];
  const frequency = Number(firstText(channel, 'sy:updateFrequency') ?? 1);
  const syndication = period === undefined ? Number.NaN : period / frequency;
  const minutes = [ttl, syndication].find((value) => Number.isFinite(value) && value > 0);
  return {
    ttlMinutes: minutes ?? null,
    skipHours: membersOf(channel['skipHours'], 'hour').flatMap((text) => {
      const hour = Number(text);
      return Number.isInteger(hour) && hour >= 0 && hour <= 24 ? [hour % 24] : [];
    }),
    skipDays: membersOf(channel['skipDays'], 'day'),
  };
}

function membersOf(value: XmlValue | undefined, name: string): string[] {
  return listOf(value).flatMap((list) =>
    typeof list === 'string' || Array.isArray(list) ? [] : listOf(list[name]).flatMap((member) => textOf(member) ?? []),
  );
}
