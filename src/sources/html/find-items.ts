import { adapter } from 'parse5-htmlparser2-tree-adapter';
import { WrongShape } from '../../domain/errors.ts';
import { withoutNamespaces } from '../../formats/css-namespaces.ts';
import { hiddenValue } from '../../domain/plan/shaping-plan.ts';
import { compileFinder } from '../../formats/jmespath/jmespath.ts';
import type { ItemsPlan } from '../../domain/plan/html-plan.ts';
import { rawText, type PageElement } from './element-text.ts';
import type { HtmlPage } from './html-page.ts';
import type { Scope } from './read-fields.ts';

/** An element that should hold JSON, and whose text is none. */
export interface BrokenJson {
  readonly problem: string;
  readonly text: string;
}

/** Finds what the records of a page are read from. */
export type ItemFinder = (page: HtmlPage) => readonly (Scope | BrokenJson)[];

/**
 * Makes the finder of a source: the elements that the selector matches, or the objects that a path leads to in their JSON. Elements
 * in whose JSON the path leads nowhere are skipped, and so are scripts that are not JSON at all; but if no element contains any
 * JSON, broken or not, the selector is wrong.
 * @param quotes whether messages may show what the page has
 */
export function createItemFinder(subject: string, { selector: written, json }: ItemsPlan, quotes = true): ItemFinder {
  const selector = withoutNamespaces(written);
  if (json === null) return (page) => page.find(selector, page.document).map((element) => ({ element }));
  const find = compileFinder(json);
  return (page) => {
    const elements = page.find(selector, page.document);
    let found = 0;
    const items = elements.flatMap((element, index): (Scope | BrokenJson)[] => {
      const { values, problem } = page.jsonOf(element);
      if (problem !== null && isMeantAsJson(element, values.length)) {
        found++;
        const which = `element ${index + 1} of ${elements.length} that match items.selector "${selector}"`;
        return [{ problem: `${which} is not JSON: ${quotes ? problem : hiddenValue}`, text: rawText(element) }];
      }
      found += values.length;
      return values.flatMap(({ value }) => itemsOf(find(value)));
    });
    if (elements.length > 0 && found === 0) {
      throw new WrongShape(
        `fetch: ${subject}: none of the ${elements.length} elements that match items.selector "${selector}" has readable JSON`,
      );
    }
    return items;
  };
}

/** A script says so by its type: most are code, which may assign JSON. @param assigned how many values it assigns */
function isMeantAsJson(element: PageElement, assigned: number): boolean {
  const text = rawText(element).trim();
  const isObject = /^[[{]/.test(text);
  if (!adapter.isElementNode(element) || element.name !== 'script') return isObject;
  return /json/i.test(element.attribs['type'] ?? '') && text !== '' && (isObject || assigned === 0);
}

function itemsOf(found: unknown): Scope[] {
  if (Array.isArray(found)) return found.map((value: unknown) => ({ value }));
  return typeof found === 'object' && found !== null ? [{ value: found }] : [];
}
