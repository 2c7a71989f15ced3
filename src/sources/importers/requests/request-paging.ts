import { isObject } from '../../../domain/is-object.ts';
import { cursorNames, limitNames, offsetNames, pageNames } from './page-names.ts';
import type { Keys, Params, RequestKeys } from './request-keys.ts';
import { scalarText } from '../scalar-text.ts';

/** How the pages of a request are read, and what it then no longer asks for itself. */
export interface RequestPaging {
  readonly params: Params;
  /** As the configuration writes it; null = none. */
  readonly paginator: unknown;
  readonly notes: readonly string[];
}

/**
 * Completes what an answer says of further pages with what its request says.
 * @param proposed what the answer suggests; null = nothing
 */
export function pagingOf({ method, params }: Pick<RequestKeys, 'method' | 'params'>, proposed: unknown): RequestPaging {
  const type = typeof proposed === 'string' ? proposed : isObject(proposed) ? proposed['type'] : null;
  const cursor = nameOf(params, cursorNames);
  const page = nameOf(params, pageNames, isCount);
  const offset = nameOf(params, offsetNames, isCount);
  const limit = nameOf(params, limitNames, (value) => isCount(value) && Number(value) > 0);
  const without = (...names: readonly (string | null)[]) =>
    Object.fromEntries(Object.entries(params).filter(([name]) => !names.includes(name)));
  const places = without(cursor, page, offset);
  if (type === 'header_link' || type === 'json_link') {
    return method === 'POST'
      ? asBody(params, 'the address of the next page')
      : { params: places, paginator: proposed, notes: [] };
  }
  if (type === 'cursor' && isObject(proposed)) {
    if (method === 'POST' && cursor === null)
      return asBody(params, `a token of the next page (${scalarText(proposed['cursor_path'])})`);
    const named = cursor === null ? proposed : { ...proposed, cursor_param: cursor };
    return { params: places, paginator: named, notes: [] };
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

/** The place of a page is in a body, which is the same in each request. */
function asBody(params: Params, what: string): RequestPaging {
  return {
    params,
    paginator: null,
    notes: [`the answer has ${what}, but a POST sends the same body each time: only its first page is read`],
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
