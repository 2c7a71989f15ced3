import { isObject } from '../../../domain/is-object.ts';
import { bodyPagingOf } from './body-paging.ts';
import { cursorNames, limitNames, offsetNames, pageNames } from './page-names.ts';
import type { Keys, Params, RequestKeys } from './request-keys.ts';
import { scalarText } from '../scalar-text.ts';

/** How the pages of a request are read, and what it then no longer asks for itself. */
export interface RequestPaging {
  readonly params: Params;
  /** With the place of a page in it; absent = as it was. */
  readonly body?: unknown;
  /** As the configuration writes it; null = none. */
  readonly paginator: unknown;
  readonly notes: readonly string[];
}

/**
 * Completes what an answer says of further pages with what its request says.
 * @param proposed what the answer suggests; null = nothing
 */
export function pagingOf(
  { method, params, body }: Pick<RequestKeys, 'method' | 'params' | 'body'>,
  proposed: unknown,
): RequestPaging {
  const type = typeof proposed === 'string' ? proposed : isObject(proposed) ? proposed['type'] : null;
  const cursor = nameOf(params, cursorNames);
  const page = nameOf(params, pageNames, isCount);
  const offset = nameOf(params, offsetNames, isCount);
  const limit = nameOf(params, limitNames, (value) => isCount(value) && Number(value) > 0);
  const without = (...names: readonly (string | null)[]) =>
    Object.fromEntries(Object.entries(params).filter(([name]) => !names.includes(name)));
  const places = without(cursor, page, offset);
  const named = method === 'POST' ? bodyPagingOf(body, isObject(proposed) ? proposed : null) : null;
  if (named !== null && cursor === null && page === null && offset === null) return { params, ...named, notes: [] };
  if (type === 'header_link' || type === 'json_link') {
    return method === 'POST'
      ? asBody(params, 'the address of the next page')
      : { params: places, paginator: proposed, notes: [] };
  }
  if (type === 'cursor' && isObject(proposed)) {
    if (method === 'POST' && cursor === null)
      return asBody(params, `a token of the next page (${scalarText(proposed['cursor_path'])})`, namesToken(proposed));
    const following = cursor === null ? proposed : { ...proposed, cursor_param: cursor };
    return { params: places, paginator: following, notes: [] };
  }
  if (page !== null) {
    const known = isObject(proposed) && type === 'page_number' ? proposed : { type: 'page_number' };
    return { params: without(page), paginator: pageNumber(known, page, Number(params[page])), notes: [] };
  }
  if (offset !== null && limit !== null) {
    const names = {
      ...(offset === 'offset' ? {} : { offset_param: offset }),
      ...(limit === 'limit' ? {} : { limit_param: limit }),
    };
    return {
      params: without(offset, limit),
      paginator: { type: 'offset', ...names, limit: Number(params[limit]) },
      notes: [],
    };
  }
  if (method === 'POST') return { params, paginator: null, notes: [] };
  if (cursor === null) return { params, paginator: proposed, notes: [] };
  const note = `the request has a place in a list (${cursor}), but the answer names no next page: only its first page is read`;
  return { params: without(cursor), paginator: proposed, notes: params[cursor] === '' ? [] : [note] };
}

function namesToken(paginator: Keys): string {
  return `: put \${cursor} into the body, under the name that the API wants, and set paginator: { type: cursor, cursor_path: ${scalarText(paginator['cursor_path'])} }`;
}

/** The answer leads on, and nothing in the request says where. */
function asBody(params: Params, what: string, advice = ''): RequestPaging {
  return {
    params,
    paginator: null,
    notes: [`the answer has ${what}, but the request names no place for it, so only its first page is read${advice}`],
  };
}

function pageNumber(known: Keys, name: string, value: number): Keys {
  return {
    ...known,
    ...(name === 'page' ? {} : { page_param: name }),
    ...(value === 0 ? { base_page: 0 } : {}),
  };
}

function nameOf(params: Params, names: RegExp, fits: (value: Params[string]) => boolean = () => true): string | null {
  return Object.entries(params).find(([name, value]) => names.test(name) && fits(value))?.[0] ?? null;
}

function isCount(value: Params[string]): boolean {
  return typeof value === 'number' && value < 1_000_000_000;
}
