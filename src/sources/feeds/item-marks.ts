import { hash } from 'node:crypto';
import { sha256 } from '../../formats/sha256.ts';
import { absoluteUrl } from './absolute-url.ts';
import type { FeedItem } from './feed-item.ts';
import { listOf, textOf } from './xml-values.ts';
import type { XmlObject, XmlValue } from './xml-element.ts';

/** Placeholders that feeds write instead of a value. */
const placeholders = new Set([
  'n/a',
  'na',
  'n.a.',
  'nil',
  'none',
  'null',
  'undefined',
  'unknown',
  'false',
  'nan',
  '-',
  '--',
  '?',
  '#',
  '(none)',
  '(null)',
  '[object object]',
  'http://',
  'https://',
  'about:blank',
]);

/** Placeholders of programs: no page has such a name. */
const ofPrograms = new Set(['null', 'undefined', 'nan', 'nil']);

/** Addresses that many items may share without identifying one: the feed's own, its site's, and placeholders. */
export class EmptyKeys {
  readonly #own: ReadonlySet<string>;
  readonly #folder: string;
  readonly #host: string;

  /** @param addresses of the feed itself: its own, that of its site, its id */
  constructor(base: string, addresses: readonly string[]) {
    this.#own = new Set([base, ...addresses].map(plainLink));
    // A placeholder that was mistaken for a link is absolute by now.
    this.#folder = absoluteUrl('.', base);
    this.#host = plainLink(absoluteUrl('/', base));
  }

  /** Stands for the guid and link of an item: it may be edited, and keeps them. A feed that moves to another host takes its links along. */
  pairMark(guid: string | null, link: string | null): string {
    const plain = link === null ? '' : plainLink(link);
    const own = this.#host !== '' && plain.startsWith(this.#host) ? plain.slice(this.#host.length) : plain;
    return digest(`${guid === link ? '' : (guid ?? '')}\n${own}`, 12);
  }

  /** A guid or link that says which item it is; null = it does not. */
  meaningful(key: string | null): string | null {
    if (key === null) return null;
    const written = key.startsWith(this.#folder) ? key.slice(this.#folder.length) : key;
    const word = written.trim().toLowerCase();
    // A page may be called "none".
    const isWord = written !== key && /^[a-z]+$/.test(word) && !ofPrograms.has(word);
    const isEmpty = (placeholders.has(word) && !isWord) || word.startsWith('javascript:');
    return isEmpty || this.#own.has(plainLink(key)) ? null : key;
  }
}

/** A link without what may differ between two of the same page. */
function plainLink(link: string): string {
  const named = link.replace(/^https?:\/\/(?:www\.)?/i, '//');
  const query = named.includes('?');
  const plain = query ? named.replaceAll(/(?<=[?&])utm_[a-z]+=[^&#]*&?/gi, '').replace(/[?&](?=#|$)/, '') : named;
  return plain.replace(/\/?#?$/, '');
}

/** Stands for a guid, a link or a hash that serves as id. */
export function keyMark(key: string): string {
  return digest(key, 16);
}

/** A hash of an item's content: two items with the same mark are one. */
export function contentMark(item: FeedItem): string {
  return digest(wideText(item), 12);
}

/** All content of a feed is hashed here at each poll: SHA-256 takes twice as long (measured). */
function digest(text: string, length: number): string {
  return hash('blake2b512', text, 'base64url').slice(0, length);
}

/** The id of an item that has neither guid nor link, by the formula of 0.2.0; null if it has nothing of this. */
export function narrowHash(item: FeedItem): string | null {
  const content = narrowContent(item);
  if (item.guid === null && content.every(isNothing)) return null;
  return sha256(JSON.stringify([item.guid, ...content]));
}

/** A hash of all that makes an item what it is; null for an empty item. */
export function wideHash(item: FeedItem): string | null {
  const { guid, link } = item;
  if (guid !== null || link !== null || [...narrowContent(item), ...moreContent(item)].some((part) => !isNothing(part)))
    return hash('sha256', wideText(item));
  const rest = Object.entries(item.fields).filter(([name]) => !counters.test(name));
  return rest.length === 0 ? null : hash('sha256', JSON.stringify(rest));
}

/** Elements that count what others do with an item. */
const counters = /^(?:slash|thr):|^media:community$/;

function wideText(item: FeedItem): string {
  const { guid, link } = item;
  const parts = [guid, link === null ? null : plainLink(link), ...narrowContent(item), ...moreContent(item)];
  return parts.map((part) => (typeof part === 'string' ? part : JSON.stringify(part ?? null))).join('\n\0');
}

function narrowContent({ title, published, fields }: FeedItem): unknown[] {
  return [title, published, fields['description'], fields['summary'], fields['content'], fields['content_html']];
}

function moreContent({ enclosures, fields }: FeedItem): unknown[] {
  const addresses = [...enclosures.map(({ url }) => url), ...mediaAddresses(fields as XmlObject)];
  return [fields['content:encoded'], fields['content_text'], fields['g:id'], addresses.length === 0 ? null : addresses];
}

function mediaAddresses(fields: XmlObject): string[] {
  const pictures = ['media:thumbnail', 'media:player'].flatMap((name) => listOf(fields[name]));
  return pictures.flatMap((value: XmlValue) => {
    if (typeof value === 'string' || Array.isArray(value)) return textOf(value) ?? [];
    return textOf(value['url']) ?? [];
  });
}

function isNothing(part: unknown): boolean {
  return part === null || part === undefined;
}
