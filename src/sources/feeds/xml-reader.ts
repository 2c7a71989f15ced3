import { setImmediate } from 'node:timers/promises';
import { escapeText } from 'entities';
import { Parser } from 'htmlparser2';
import { truncate } from '../../domain/secrets/redact.ts';
import { WrongShape } from '../../domain/errors.ts';
import { absoluteUrl } from './absolute-url.ts';
import { cleanXml } from './clean-xml.ts';
import { emptyScope, scopeWithin, usualName, vocabularyOf, type Scope, type Vocabulary } from './namespaces.ts';
import {
  addValue,
  canonicalName,
  emptyObject,
  objectOf,
  openingTag,
  valueOf,
  type XmlElement,
  type XmlObject,
} from './xml-element.ts';

export interface XmlItem {
  readonly fields: XmlObject;
  /** Base of relative links. */
  readonly base: string;
  /** The document broke off inside it. */
  readonly cut: boolean;
}

export interface XmlFeed {
  readonly vocabulary: Vocabulary;
  readonly items: readonly XmlItem[];
  /** The children of the channel or feed that are not items. */
  readonly channel: XmlObject;
  /** Whether the document reached the end of its root element. */
  readonly complete: boolean;
}

/** A larger document is not a feed, but an attack. */
const maxNesting = 5_000;
/** Characters between two yields to the event loop. */
const chunkLength = 65_536;
const maxAttributes = 1_000;
const maxElements = 5_000_000;
/** Elements whose child elements are markup. */
const markupElements = new Set([
  'title',
  'description',
  'summary',
  'content',
  'subtitle',
  'tagline',
  'info',
  'rights',
  'copyright',
  'content:encoded',
  'body',
  'xhtml:body',
  'fullitem',
  'atom:summary',
  'atom:content',
  'media:description',
]);
/**
 * Reads RSS, RDF and Atom, also where they are not well-formed, as far as they go. Declared entities are not expanded.
 * @param base address of the document, for relative links
 * @throws WrongShape if the document is no feed
 */
export async function readXmlFeed(text: string, base: string, subject: string, signal: AbortSignal): Promise<XmlFeed> {
  const handler = await parse(text, base, subject, signal);
  const start = handler.isFeed ? 0 : documentStart(text);
  if (start <= 0) return handler.feed();
  const behind = await parse(text.slice(start), base, subject, signal);
  // A page may mention feeds without being one.
  return behind.isFeed && behind.feed().items.length > 0 ? behind.feed() : handler.feed();
}

/** Some servers write a warning or a page's beginning before the document. */
function documentStart(text: string): number {
  return text.search(/<(?:\?xml\s|(?:rss|feed|rdf:rdf)[\s>])/i);
}

async function parse(text: string, base: string, subject: string, signal: AbortSignal): Promise<FeedHandler> {
  const handler = new FeedHandler(base, subject);
  const parser = new Parser(handler, { xmlMode: true });
  const clean = cleanXml(text);
  for (let start = 0; start < clean.length; start += chunkLength) {
    parser.write(clean.slice(start, start + chunkLength));
    await setImmediate();
    signal.throwIfAborted();
  }
  handler.ended = true;
  parser.end();
  return handler;
}

class FeedHandler {
  /** The text is over: what is closed from here on never had an end tag. */
  ended = false;
  readonly #subject: string;
  readonly #base: string;
  readonly #stack: XmlElement[] = [];
  readonly #items: (XmlItem | null)[] = [];
  /** Attributes of the tag that is being read. */
  #attributes = 0;
  #elements = 0;
  /** Items on the stack. */
  #openItems = 0;
  #root: string | null = null;
  /** The namespace of the root element, which is the feed's own whatever it is: some choose a wrong one. */
  #ownSpace: string | null = null;
  #vocabulary: Vocabulary | null = null;
  #channel: XmlObject = emptyObject();
  #complete = false;

  constructor(base: string, subject: string) {
    this.#base = base;
    this.#subject = subject;
  }

  get isFeed(): boolean {
    return this.#vocabulary !== null;
  }

  feed(): XmlFeed {
    if (this.#vocabulary === null) {
      const found = this.#root === null ? 'no element' : `<${truncate(this.#root, 40)}>`;
      throw new WrongShape(`fetch: ${this.#subject} answered with ${found}, expected RSS, Atom or JSON Feed`);
    }
    return {
      vocabulary: this.#vocabulary,
      items: this.#items.filter((item) => item !== null),
      channel: this.#channel,
      complete: this.#complete,
    };
  }

  onattribute(): void {
    if (++this.#attributes > maxAttributes) {
      throw new WrongShape(
        `fetch: ${this.#subject} has an element with more than ${maxAttributes} attributes, expected a feed`,
      );
    }
  }

  onopentag(tag: string, attributes: Record<string, string>): void {
    this.#attributes = 0;
    if (++this.#elements > maxElements) {
      throw new WrongShape(`fetch: ${this.#subject} has more than ${maxElements} elements, expected a feed`);
    }
    const parent = this.#stack.at(-1);
    if (this.#stack.length >= maxNesting) {
      throw new WrongShape(`fetch: ${this.#subject} nests its elements deeper than ${maxNesting}, expected a feed`);
    }
    const scope = scopeWithin(parent?.scope ?? emptyScope, this.#namespaces(tag, attributes));
    if (this.#root === null) this.#begin(tag, scope);
    const name = canonicalName(usualName(tag, scope, this.#vocabulary, this.#ownSpace));
    const parentBase = parent?.base ?? this.#base;
    const isMarkup = parent !== undefined && parent.markup !== null;
    if (isMarkup) {
      parent.markup += openingTag(tag, attributes);
      parent.hasMarkup = true;
    }
    const itemIndex = !isMarkup && this.#isItem(name) ? this.#items.push(null) - 1 : null;
    this.#stack.push({
      tag,
      name,
      scope,
      attributes,
      itemIndex,
      children: emptyObject(),
      text: '',
      hasMarkup: false,
      base: attributes['xml:base'] === undefined ? parentBase : absoluteUrl(attributes['xml:base'], parentBase),
      markup: isMarkup || (this.#openItems > 0 && markupElements.has(name.toLowerCase())) ? '' : null,
    });
    if (itemIndex !== null) this.#openItems++;
  }

  ontext(text: string): void {
    const element = this.#stack.at(-1);
    if (!element) return;
    element.text += text;
    if (element.markup !== null) element.markup += escapeText(text);
  }

  onclosetag(): void {
    const element = this.#stack.pop();
    if (!element) return;
    const parent = this.#stack.at(-1);
    if (element.itemIndex !== null) this.#closeItem(element, element.itemIndex);
    else if (parent && parent.markup !== null) {
      parent.markup += `${element.markup ?? ''}</${element.tag}>`;
      parent.text += element.text;
    } else if (parent) addValue(parent.children, element.name, valueOf(element));
    if (element.itemIndex === null && (element.name === 'channel' || element.name === 'feed')) {
      this.#channel = element.children;
    }
    if (!parent && !this.ended) this.#complete = true;
  }

  #begin(tag: string, scope: Scope): void {
    this.#root = tag;
    const [prefix, local] = tag.includes(':') ? (tag.split(':', 2) as [string, string]) : ['', tag];
    const own = vocabularyOf(scope[prefix] ?? '');
    this.#ownSpace = scope[prefix] ?? null;
    switch (local.toLowerCase()) {
      case 'rss':
      case 'rdf':
      case 'channel':
        this.#vocabulary = 'rss';
        break;
      case 'feed':
        this.#vocabulary = 'atom';
        break;
      case 'entry':
        if (own === 'atom') this.#vocabulary = 'atom';
        break;
      default:
    }
  }

  /** Some feeds of RSS declare a wrong default namespace on their channel or items. */
  #namespaces(tag: string, attributes: Record<string, string>): Record<string, string> {
    if (this.#vocabulary !== 'rss' || !/^(?:channel|item)$/i.test(tag) || attributes['xmlns'] === undefined)
      return attributes;
    const { xmlns: _wrong, ...others } = attributes;
    return others;
  }

  /** Some feeds take their items from the other vocabulary. */
  #isItem(name: string): boolean {
    if (this.#vocabulary === null) return false;
    if (name === (this.#vocabulary === 'atom' ? 'entry' : 'item')) return true;
    return this.#openItems === 0 && /^(?:(?:rss:)?item|(?:atom:)?entry)$/.test(name);
  }

  #closeItem(element: XmlElement, index: number): void {
    this.#openItems--;
    const fields = objectOf(element);
    // Some feeds hold an empty item in each of their items.
    if (this.#openItems > 0 && Object.keys(fields).length === 0) return;
    this.#items[index] = { fields, base: element.base, cut: this.ended };
  }
}
