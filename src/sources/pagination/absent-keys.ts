import { compileFinder } from '../../formats/jmespath/jmespath.ts';
import { isObject } from '../../domain/is-object.ts';
import { ExactNumber } from '../../formats/exact-json.ts';
import { keysOfPath } from '../../formats/jmespath/path-names.ts';
import type { PaginatorPlan } from '../../domain/plan/plan-parts.ts';
import { paginatorPaths } from '../../formats/jmespath/plan-paths.ts';
import type { Warning } from '../../domain/run/warning.ts';
import { statedTotal } from './propose-paginator.ts';
import { isFirstPage } from './first-position.ts';
import type { NextPage } from '../../domain/state/fetch-position.ts';
import type { PageFacts } from './next-page.ts';

/** Keys of the paginator that the first page does not have at all: they may be misspelt, and then there is no second page. */
export function absentKeys(paginator: PaginatorPlan, place: NextPage, facts: PageFacts): Warning[] {
  const { records, value } = facts;
  if (records === 0 || value === undefined || paginator.type === 'single_page') return [];
  if (!isFirstPage({ paginator }, place)) return [];
  const total = statedTotal(facts);
  const meaning =
    total === null
      ? 'this is fine if the API omits it on the last page'
      : `the page has ${records} records and says that there are ${total.count} (${total.path}): correct the path, or add the parameter that the API needs to give a next page, such as params: { cursor: "*" }`;
  const absent = paginatorPaths(paginator)
    .filter(({ path }) => lacks(value, keysOfPath(path)))
    .map(({ key, path }) => {
      const message = `${key} "${path}" is not on the first page; ${meaning}`;
      return { code: 'paging_key_absent' as const, message, count: 1 };
    });
  return absent.length > 0 ? absent : uselessTotal(paginator, value);
}

/** A total that is not a number does not end a poll. */
function uselessTotal(paginator: PaginatorPlan, page: unknown): Warning[] {
  const path = 'totalPath' in paginator ? paginator.totalPath : null;
  if (path === null) return [];
  const found = compileFinder(path)(page);
  if (found instanceof ExactNumber || typeof found === 'number') return [];
  if (typeof found === 'string' && found.trim() !== '' && Number.isFinite(Number(found))) return [];
  const isNothing = found === null || found === undefined || found === '';
  const kind = isNothing
    ? 'nothing'
    : Array.isArray(found)
      ? 'a list'
      : isObject(found)
        ? 'an object'
        : 'a value that is not a number';
  const message = `total_path "${path}" leads to ${kind} on the first page, expected a number; pages are requested until one is empty`;
  return [{ code: 'paging_key_absent', message, count: 1 }];
}

/** Whether a page has no such path of plain keys, whatever it would hold; `@` and all that calculates are no such paths. */
function lacks(page: unknown, keys: readonly string[] | null): boolean {
  if (keys === null) return false;
  let value = page;
  for (const key of keys) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return true;
    value = value[key];
  }
  return false;
}
