import { adapter, type Htmlparser2TreeAdapterMap } from 'parse5-htmlparser2-tree-adapter';

/** An element of a page, or the page itself. */
export type PageElement = Htmlparser2TreeAdapterMap['element'] | Htmlparser2TreeAdapterMap['document'];
type PageNode = Htmlparser2TreeAdapterMap['node'];

/** What a reader does not see. */
const unseen: ReadonlySet<string> = new Set(['script', 'style', 'noscript', 'template']);
/** Elements that are separate from the words before and after them. */
const apart: ReadonlySet<string> = new Set(
  (
    'address article aside blockquote br caption dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 ' +
    'h4 h5 h6 header hr legend li main nav ol optgroup option p pre section summary table tbody td tfoot th thead tr ul'
  ).split(' '),
);

/** The words of an element as a reader sees them: without scripts and styles, one space between two of them. */
export function elementText(element: PageElement): string {
  return textWithin(element, true).replaceAll(/\s+/g, ' ').trim();
}

/** All text of an element, unchanged. */
export function rawText(element: PageElement): string {
  return textWithin(element, false);
}

/** Walks without recursion, for elements may nest deep. */
function textWithin(root: PageElement, asSeen: boolean): string {
  const parts: string[] = [];
  let node: PageNode = root;
  for (;;) {
    if (adapter.isTextNode(node)) parts.push(node.data);
    else if (asSeen && isApart(node)) parts.push(' ');
    const inner: PageNode | undefined = asSeen && node !== root && isUnseen(node) ? undefined : childrenOf(node)[0];
    if (inner) {
      node = inner;
      continue;
    }
    while (node !== root && !node.next) {
      const parent: PageNode | null = node.parent;
      if (!parent) return parts.join('');
      node = parent;
      if (asSeen && isApart(node)) parts.push(' ');
    }
    if (node === root || !node.next) return parts.join('');
    node = node.next;
  }
}

function childrenOf(node: PageNode): readonly PageNode[] {
  return 'children' in node ? node.children : [];
}

function isUnseen(node: PageNode): boolean {
  return adapter.isElementNode(node) && unseen.has(node.name);
}

function isApart(node: PageNode): boolean {
  return adapter.isElementNode(node) && apart.has(node.name);
}
