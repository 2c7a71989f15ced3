import { adapter, type Htmlparser2TreeAdapterMap } from 'parse5-htmlparser2-tree-adapter';
import { rawText, type PageElement } from '../html/element-text.ts';

/**
 * The text of an element of XML, trimmed. Of one that holds elements the words, one space between two of them: the spaces of its lines
 * are only its layout.
 */
export function xmlText(element: PageElement): string {
  const isLeaf = !element.children.some((child) => adapter.isElementNode(child));
  return isLeaf ? rawText(element).trim() : words(element);
}

/** Walks without recursion, for elements may nest deep. */
function words(element: PageElement): string {
  const parts: string[] = [];
  const open: Htmlparser2TreeAdapterMap['node'][] = [element];
  for (let node = open.pop(); node; node = open.pop()) {
    if (adapter.isTextNode(node)) parts.push(node.data);
    if ('children' in node) for (const child of node.children.toReversed()) open.push(child);
  }
  return parts.join(' ').replaceAll(/\s+/g, ' ').trim();
}
