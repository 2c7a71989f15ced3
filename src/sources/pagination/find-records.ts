import { WrongShape } from '../../domain/errors.ts';
import type { Expression } from '../../formats/jmespath/jmespath.ts';
import { messageOf } from '../../domain/errors.ts';
import { ExactNumber } from '../../formats/exact-json.ts';

/**
 * The records of a page. `null` where the path leads counts as an empty list, as many APIs write one so.
 * @param stated the error that the page reports, for the message
 * @throws WrongShape with the lists that the page does have
 */
export function findRecords(
  subject: string,
  path: string,
  find: Expression,
  page: unknown,
  stated: string | null = null,
): readonly unknown[] {
  let found: unknown;
  try {
    found = find(page);
  } catch (error) {
    throw new WrongShape(`fetch: ${subject}: records "${path}" failed on the page: ${messageOf(error)}`);
  }
  if (Array.isArray(found)) return found;
  if ((found === null || found === undefined) && leadsToNull(path, page)) return [];
  const kind =
    found === null || found === undefined ? 'nothing' : typeof found === 'object' ? 'an object' : `a ${typeof found}`;
  throw new WrongShape(
    `fetch: ${subject}: records "${path}" leads to ${kind}, expected a list${stated === null ? listsOf(page) : answeredWith(stated)}`,
  );
}

function answeredWith(error: string): string {
  return `; the page has an error: ${error}; if it passes, set on_response: [{ status: 200, body_contains: "…", action: retry }] with a part of the answer`;
}

/** Whether a plain path ends at a `null` that is really there. */
function leadsToNull(path: string, page: unknown): boolean {
  if (path === '@') return page === null;
  let value = page;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false;
    value = (value as Record<string, unknown>)[key];
  }
  return value === null;
}

function listsOf(page: unknown): string {
  if (typeof page !== 'object' || page === null || page instanceof ExactNumber) return '';
  if (Array.isArray(page)) return '; the page itself is a list: records: "@"';
  const paths = Object.entries(page).flatMap(([key, value]: [string, unknown]) => {
    if (Array.isArray(value)) return [key];
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([inner, member]) => (Array.isArray(member) ? [`${key}.${inner}`] : []));
  });
  if (paths.length === 0) return '; the page has none';
  return `; the page has lists at ${paths.slice(0, 5).join(', ')}`;
}
