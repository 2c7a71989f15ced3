import { closest, distance } from 'fastest-levenshtein';
import { UsageError } from '../../../domain/errors.ts';
import { isObject } from '../../../domain/is-object.ts';
import type { ApiDocument, Tree } from './api-document.ts';
import { answerOf } from './operation-answer.ts';
import { scalarText } from '../scalar-text.ts';

/** An operation of a document. */
export interface Operation {
  /** `operationId`; null = it has none. */
  readonly id: string | null;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly node: Tree;
  /** What all operations of its path have. */
  readonly item: Tree;
}

const methods = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'trace'];
/** Operations that a message lists. */
const maxListed = 40;

function operationsOf(document: ApiDocument): Operation[] {
  const paths = document.at(document.root['paths']);
  return Object.entries(paths).flatMap(([path, value]) => {
    const item = document.at(value);
    return methods
      .filter((method) => isObject(item[method]))
      .map((method): Operation => {
        const node = document.at(item[method]);
        const id = typeof node['operationId'] === 'string' ? node['operationId'] : null;
        const summary = scalarText(node['summary']).split('\n')[0] ?? '';
        return { id, method: method.toUpperCase(), path, summary, node, item };
      });
  });
}

/**
 * The operation that a user named: by its `operationId`, or as `GET /path`.
 * @param wanted undefined = none was named: the only one that answers with a list
 * @throws UsageError if there is none, listing those that answer with lists
 */
export function findOperation(document: ApiDocument, wanted: string | undefined): Operation {
  const all = operationsOf(document);
  if (wanted === undefined) return onlyList(document, all);
  const [method, path] = /^(?:([a-z]+)\s+)?(\/\S*)$/i.exec(wanted.trim())?.slice(1) ?? [];
  const found =
    all.find(({ id }) => id === wanted) ??
    all.find(({ id }) => id?.toLowerCase() === wanted.toLowerCase()) ??
    all.find((one) => path !== undefined && one.path === path && one.method === (method ?? 'GET').toUpperCase());
  if (found === undefined)
    throw new UsageError(`--operation: found no operation "${wanted}"${nearest(all, wanted)}${listed(document, all)}`);
  if (found.method === 'GET' || found.method === 'POST') return found;
  throw new UsageError(
    `--operation: found ${nameOf(found)}, a ${found.method}, expected a GET or POST: a source only reads`,
  );
}

/** An operation as a user names it. */
export function nameOf({ id, method, path }: Operation): string {
  return id ?? `${method} ${path}`;
}

function onlyList(document: ApiDocument, all: readonly Operation[]): Operation {
  const lists = listsOf(document, all);
  const [first, second] = lists;
  if (first !== undefined && second === undefined) return first;
  throw new UsageError(`Missing --operation, e.g. --operation ${shown(first ?? all[0])}${listed(document, all)}`);
}

function shown(operation: Operation | undefined): string {
  if (operation === undefined) return 'listItems';
  const name = nameOf(operation);
  return /^[\w.-]+$/.test(name) ? name : `'${name}'`;
}

/** Those that read, and whose answer has a list of objects. */
function listsOf(document: ApiDocument, all: readonly Operation[]): Operation[] {
  return all.filter((one) => one.method === 'GET' && answerOf(document, one.node).list !== null);
}

function nearest(all: readonly Operation[], wanted: string): string {
  const names = all.map(nameOf);
  if (names.length === 0) return '';
  const near = closest(
    wanted.toLowerCase(),
    names.map((name) => name.toLowerCase()),
  );
  const name = names.find((one) => one.toLowerCase() === near) ?? '';
  return distance(wanted.toLowerCase(), near) <= Math.max(3, Math.floor(wanted.length / 3))
    ? `, did you mean ${name}?`
    : '';
}

function listed(document: ApiDocument, all: readonly Operation[]): string {
  const lists = listsOf(document, all);
  if (lists.length === 0) {
    return all.length === 0
      ? '; the document has no operations'
      : '; none of its GET operations answers with a list of objects';
  }
  const rows = lists.slice(0, maxListed).map((one) => {
    const place = `${one.method} ${one.path}`;
    return `  ${[nameOf(one), ...(one.id === null ? [] : [place]), ...(one.summary === '' ? [] : [one.summary])].join('  ')}`;
  });
  const more = lists.length > maxListed ? [`  and ${lists.length - maxListed} more`] : [];
  return `\nOperations that answer with a list:\n${[...rows, ...more].join('\n')}`;
}
