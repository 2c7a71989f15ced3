import { WrongShape } from '../../domain/errors.ts';
import { compileFinder } from '../../domain/expression.ts';
import type { ItemsPlan } from '../../domain/html-plan.ts';
import type { HtmlPage } from './html-page.ts';
import type { Scope } from './read-fields.ts';

/** Finds what the records of a page are read from. */
export type ItemFinder = (page: HtmlPage) => readonly Scope[];

/**
 * Makes the finder of a source: the elements that the selector matches, or the objects that a path leads to in their JSON.
 * Elements whose JSON is broken are passed over; so are those in which the path leads nowhere.
 */
export function createItemFinder(subject: string, { selector, json }: ItemsPlan): ItemFinder {
  if (json === null) return (page) => page.find(selector, page.document).map((element) => ({ element }));
  const find = compileFinder(json);
  return (page) => {
    const elements = page.find(selector, page.document);
    const values = elements.flatMap((element) => page.jsonOf(element));
    if (elements.length > 0 && values.length === 0) {
      throw new WrongShape(
        `fetch: ${subject}: none of the ${elements.length} elements that match items.selector "${selector}" holds JSON that can be read`,
      );
    }
    return values.flatMap(({ value }) => itemsOf(find(value)));
  };
}

function itemsOf(found: unknown): Scope[] {
  if (Array.isArray(found)) return found.map((value: unknown) => ({ value }));
  return typeof found === 'object' && found !== null ? [{ value: found }] : [];
}
