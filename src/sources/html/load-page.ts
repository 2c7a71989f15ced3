import { setImmediate } from 'node:timers/promises';
import { load, type CheerioAPI } from 'cheerio';
import { Parser, type TreeAdapter } from 'parse5';
import { adapter, type Htmlparser2TreeAdapterMap } from 'parse5-htmlparser2-tree-adapter';
import { WrongShape } from '../../domain/errors.ts';

/** Browsers go 512 deep. Each level makes the next tag slower, and some 4,000 overflow the stack (measured). */
const maxNesting = 1_000;
/** A million take 1.6 s and 620 MB (measured). */
const maxElements = 1_000_000;
/** Twenty million take 3 s and a gigabyte where they are one attribute (measured). */
const maxLength = 20_000_000;
/** Some pages make every parser of HTML slow: 500,000 attributes of one tag, thousands of end tags that close nothing. */
const maxParseMs = 10_000;
/** Characters between two breaths of the event loop. */
const chunkLength = 16_384;

const noNamespaces = Object.freeze(Object.create(null) as Record<string, string>);

/**
 * Reads HTML as browsers do.
 * @param subject the source's name, for messages
 * @throws WrongShape for a page that nests too deep, is too large, or takes too long
 */
export async function loadPage(subject: string, text: string, signal: AbortSignal): Promise<CheerioAPI> {
  if (text.length > maxLength) throw refusal(subject, `is longer than ${maxLength} characters`);
  const parser = new Parser<Htmlparser2TreeAdapterMap>({ treeAdapter: limitedAdapter(subject) });
  let spentMs = 0;
  for (let start = 0; start === 0 || start < text.length; start += chunkLength) {
    const end = start + chunkLength;
    const startedAt = performance.now();
    parser.tokenizer.write(text.slice(start, end), end >= text.length);
    spentMs += performance.now() - startedAt;
    if (end >= text.length) break;
    if (spentMs > maxParseMs) throw refusal(subject, `takes more than ${maxParseMs / 1_000} s to parse`);
    await setImmediate();
    signal.throwIfAborted();
  }
  return load(parser.document);
}

function limitedAdapter(subject: string): TreeAdapter<Htmlparser2TreeAdapterMap> {
  let nesting = 0;
  let elements = 0;
  return {
    ...adapter,
    createElement(tagName, namespace, attributes) {
      if (++elements > maxElements) throw refusal(subject, `has more than ${maxElements} elements`);
      const element = adapter.createElement(tagName, namespace, attributes);
      if (attributes.every((attribute) => attribute.namespace === undefined)) {
        // An object for each element would be two fifths of the page.
        element['x-attribsNamespace'] = noNamespaces;
        element['x-attribsPrefix'] = noNamespaces;
      }
      return element;
    },
    onItemPush() {
      if (++nesting > maxNesting) throw refusal(subject, `nests more than ${maxNesting} elements deep`);
    },
    onItemPop() {
      nesting--;
    },
  };
}

function refusal(subject: string, what: string): WrongShape {
  return new WrongShape(`fetch: ${subject} sent a page that ${what}, expected a page as browsers can show it`);
}
