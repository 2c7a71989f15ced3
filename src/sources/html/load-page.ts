import { load, type CheerioAPI } from 'cheerio';
import { Parser, type TreeAdapter } from 'parse5';
import { adapter, type Htmlparser2TreeAdapterMap } from 'parse5-htmlparser2-tree-adapter';
import { WrongShape } from '../../domain/errors.ts';

type PageParser = Parser<Htmlparser2TreeAdapterMap>;

/** Browsers go 512 deep. What is nested deeper becomes a sibling of its element; some 4,000 overflow the stack (measured). */
const maxDepth = 1_000;
/** Each open element makes the next tag slower. Beyond that number, elements that can be closed early count as closed. */
const maxOpen = 5_000;
/** Elements that decide how the parser reads their content, or that need their end. */
const structure = new Set(
  'html head body frameset table caption colgroup thead tbody tfoot tr td th template select form object applet marquee'.split(
    ' ',
  ),
);
/** A million take 1.6 s and 620 MB (measured). */
const maxElements = 1_000_000;
/** Twenty million take 3 s and a gigabyte where they are one attribute (measured). */
const maxLength = 20_000_000;
const htmlNamespace = 'http://www.w3.org/1999/xhtml';
const noNamespaces = Object.freeze(Object.create(null) as Record<string, string>);

/**
 * Reads HTML as browsers do. Some pages make every parser of HTML slow: 500,000 attributes of one tag, thousands of end tags
 * that close nothing.
 * @param subject the source's name, for messages
 * @throws WrongShape for a page that is too large, or has thousands of tables within each other
 */
export function loadPage(subject: string, text: string): CheerioAPI {
  if (text.length > maxLength) throw refusal(subject, `is longer than ${maxLength} characters`);
  const parser: PageParser = new Parser({ treeAdapter: limitedAdapter(subject, () => closeOne(subject, parser)) });
  parser.tokenizer.write(text, true);
  return load(parser.document);
}

/** @param onTooManyOpen to close one of the elements that are open */
function limitedAdapter(subject: string, onTooManyOpen: () => void): TreeAdapter<Htmlparser2TreeAdapterMap> {
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
    adoptAttributes(recipient, attributes) {
      // A second <html> or <body> adds to the first, which may share the frozen objects. No attribute of theirs has a namespace.
      for (const { name, value } of attributes) recipient.attribs[name] ??= value;
    },
    appendChild(parent, node) {
      const above = nesting > maxDepth && adapter.isElementNode(node) ? parent.parent : null;
      adapter.appendChild(above && adapter.isElementNode(above) ? above : parent, node);
    },
    onItemPush() {
      if (++nesting > maxOpen) onTooManyOpen();
    },
    onItemPop() {
      nesting--;
    },
  };
}

/** Counts the innermost element that may be, but for the one just opened, as closed. What is in it stays in it. */
function closeOne(subject: string, { openElements, activeFormattingElements }: PageParser): void {
  for (let position = openElements.stackTop - 1; position > 0; position--) {
    const element = openElements.items[position];
    if (!element || !adapter.isElementNode(element) || !isPlain(element)) continue;
    const entry = activeFormattingElements.getElementEntry(element);
    if (entry) activeFormattingElements.removeEntry(entry);
    openElements.remove(element);
    return;
  }
  throw refusal(subject, `nests more than ${maxOpen} tables or similar elements`);
}

function isPlain(element: Htmlparser2TreeAdapterMap['element']): boolean {
  return element.namespace === htmlNamespace && !structure.has(element.name);
}

function refusal(subject: string, what: string): WrongShape {
  return new WrongShape(`fetch: ${subject} sent a page that ${what}, expected a page that browsers can show`);
}
