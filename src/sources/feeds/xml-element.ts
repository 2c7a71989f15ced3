import { escapeAttribute } from 'entities';
import { absoluteUrl } from './absolute-url.ts';
import type { Scope } from './namespaces.ts';

/** What an element holds: its text, or an object of attributes, child elements and (as `value`) text. */
export type XmlValue = string | { [name: string]: XmlValue } | XmlValue[];
export type XmlObject = { [name: string]: XmlValue };

/** Attributes and elements that hold links, to be made absolute. */
const linkAttributes = new Set(['href', 'url', 'src', 'rdf:about', 'rdf:resource']);
const linkElements = new Set(['link', 'comments', 'docs', 'url', 'uri', 'wfw:commentRss', 'feedburner:origLink']);

/** An element while it is read. */
export interface XmlElement {
  /** As written. */
  readonly tag: string;
  readonly name: string;
  readonly scope: Scope;
  readonly base: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlObject;
  /** Its number among the items; null = it is not an item. */
  readonly itemIndex: number | null;
  text: string;
  /** The content as markup, where it may be such; children do not become values then. */
  markup: string | null;
  hasMarkup: boolean;
}

/** Elements whose case some feeds get wrong. */
const canonicalNames = new Map(
  [
    'rss',
    'channel',
    'feed',
    'item',
    'entry',
    'guid',
    'id',
    'title',
    'link',
    'description',
    'pubDate',
    'author',
    'category',
    'comments',
    'enclosure',
    'source',
    'published',
    'updated',
    'summary',
    'content',
    'ttl',
    'hour',
    'skipHours',
    'skipDays',
    'day',
    'content:encoded',
    'dc:date',
    'dc:creator',
  ].map((name) => [name.toLowerCase(), name]),
);

export function canonicalName(name: string): string {
  return canonicalNames.get(name.toLowerCase()) ?? name;
}

/** Without prototype: an element may be called `__proto__`. */
export function emptyObject(): XmlObject {
  return Object.create(null) as XmlObject;
}

export function addValue(object: XmlObject, name: string, value: XmlValue): void {
  const present = object[name];
  if (present === undefined) object[name] = value;
  else if (Array.isArray(present)) present.push(value);
  else object[name] = [present, value];
}

/** An element that has only text is that text. */
export function valueOf(element: XmlElement): XmlValue {
  const object = objectOf(element);
  const text = textOf(element);
  if (Object.keys(object).length === 0) return text;
  if (text !== '') object[object['value'] === undefined ? 'value' : '#text'] = text;
  return object;
}

/** Attributes and child elements; if both have the same name, the attribute's is `@name`. */
export function objectOf({ attributes, children, base, markup }: XmlElement): XmlObject {
  const object = emptyObject();
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'xmlns' || /^xml(?:ns)?:/.test(name)) continue;
    const key = children[name] === undefined ? name : `@${name}`;
    object[key] = linkAttributes.has(name) ? absoluteUrl(value.trim(), base) : value;
  }
  if (markup === null) Object.assign(object, children);
  return object;
}

function textOf({ name, text, markup, hasMarkup, base }: XmlElement): string {
  const trimmed = (markup !== null && hasMarkup ? markup : text).trim();
  return linkElements.has(name) && trimmed !== '' ? absoluteUrl(trimmed, base) : trimmed;
}

export function openingTag(tag: string, attributes: Readonly<Record<string, string>>): string {
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${escapeAttribute(value)}"`);
  return `<${tag}${written.join('')}>`;
}
