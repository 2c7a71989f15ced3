import { isObject } from '../../../domain/is-object.ts';
import { cursorNames, limitNames, offsetNames, pageNames } from './page-names.ts';

/** A body that names the place of a page, and the paginator that fills it. */
export interface BodyPaging {
  readonly body: unknown;
  readonly paginator: Readonly<Record<string, unknown>>;
}

/**
 * The body of a POST whose pages are named in it: an object, or a form.
 * @param proposed keys of the paginator that the answer suggests; null = it suggests none
 */
export function bodyPagingOf(body: unknown, proposed: Readonly<Record<string, unknown>> | null): BodyPaging | null {
  const found = isObject(body) ? membersOf(body) : typeof body === 'string' && isForm(body) ? fieldsOf(body) : [];
  const set = (at: Member, name: string) => ({ body: replaced(body, at.path, `\${${name}}`) });
  if (proposed?.['type'] === 'cursor') {
    const { cursor_param: _param, ...paginator } = proposed;
    const cursor = found.find(({ name, value }) => cursorNames.test(name) && !isStructure(value));
    return cursor ? { ...set(cursor, 'cursor'), paginator } : null;
  }
  const page = found.find(({ name, value }) => pageNames.test(name) && isCount(value));
  if (page) {
    const known = proposed?.['type'] === 'page_number' ? proposed : { type: 'page_number' };
    return { ...set(page, 'page'), paginator: { ...known, ...(Number(page.value) === 0 ? { base_page: 0 } : {}) } };
  }
  const offset = found.find(({ name, value }) => offsetNames.test(name) && isCount(value));
  const limit = found.find(
    ({ name, value, within }) => limitNames.test(name) && isSize(value) && within === offset?.within,
  );
  if (!offset || !limit) return null;
  return { ...set(offset, 'offset'), paginator: { type: 'offset', limit: Number(limit.value) } };
}

interface Member {
  readonly name: string;
  readonly value: unknown;
  readonly path: readonly string[];
  /** Names its siblings. */
  readonly within: string;
}

/** Members of objects within objects, the outer ones first. Lists hold filters and fields. */
function membersOf(object: Readonly<Record<string, unknown>>, path: readonly string[] = []): Member[] {
  const own = Object.entries(object).map(([name, value]) => ({
    name,
    value,
    path: [...path, name],
    within: path.join('\n'),
  }));
  const inner = own.flatMap(({ value, path: at }) => (isObject(value) ? membersOf(value, at) : []));
  return [...own, ...inner];
}

function isForm(text: string): boolean {
  return /^[^\s=&{[<]+=[^\s{[<]*$/.test(text);
}

function fieldsOf(text: string): Member[] {
  return [...new URLSearchParams(text)].map(([name, value]) => ({
    name,
    value: /^\d{1,9}$/.test(value) ? Number(value) : value,
    path: [name],
    within: '',
  }));
}

function replaced(body: unknown, [name = '', ...rest]: readonly string[], by: string): unknown {
  if (typeof body === 'string') {
    const parts = body.split('&').map((part) => {
      const [[key] = []] = new URLSearchParams(part);
      return key === name ? `${part.split('=')[0]}=${by}` : part;
    });
    return parts.join('&');
  }
  if (!isObject(body)) return body;
  return { ...body, [name]: rest.length === 0 ? by : replaced(body[name], rest, by) };
}

function isStructure(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 1_000_000_000;
}

function isSize(value: unknown): boolean {
  return isCount(value) && Number(value) > 0;
}
