import { WrongShape } from '../../domain/errors.ts';
import type { KeysetPlan, PaginatorLimits } from '../../domain/plan/plan-parts.ts';
import type { NextPage } from '../../domain/state/fetch-position.ts';
import { parseJson, writeDeepJson } from '../../formats/exact-json.ts';
import { compileFinder } from '../../formats/jmespath/jmespath.ts';
import { nameOf } from './page-cycle.ts';

/** What a request names beside the key. */
function besideKey({ key, lastPaths = [] }: KeysetPlan): string[] {
  return lastPaths.filter((path) => path !== key);
}

/** The name of the page behind a record: its key, and a mark of what else the request names; null if it has no key. */
export function cursorOfRecord(paginator: KeysetPlan, record: unknown): string | null {
  const key = compileFinder(paginator.key)(record);
  if (isNothing(key)) return null;
  const others = besideKey(paginator);
  const text = boundedJson(`key "${paginator.key}"`, key);
  if (others.length === 0) return text;
  const values = others.map((path) => compileFinder(path)(record) ?? null);
  return `[${text},${JSON.stringify(nameOf(writeDeepJson(values)))}]`;
}

/** The key that a page begins behind; undefined for the first page. */
export function keyBefore(paginator: KeysetPlan, { cursor }: NextPage): unknown {
  if (cursor === null) return undefined;
  const { value } = parseJson(cursor);
  // A position of an earlier version has the key only.
  return besideKey(paginator).length > 0 && Array.isArray(value) && value.length === 2 ? value[0] : value;
}

/** The page behind another record of the page; null if that has no key. */
export function behindRecord(paginator: KeysetPlan, next: NextPage, record: unknown): NextPage | null {
  const cursor = cursorOfRecord(paginator, record);
  if (cursor === null) return null;
  const last = lastValues(paginator, record);
  return { ...next, cursor, ...(next.values?.last ? { values: { ...next.values, last } } : {}) };
}

export function lastValues({ lastPaths = [] }: PaginatorLimits, record: unknown): Readonly<Record<string, string>> {
  const read = lastPaths.map((path) => [path, compileFinder(path)(record)] as const);
  const texts = read.flatMap(([path, value]): [string, string][] =>
    value === null || value === undefined ? [] : [[path, boundedJson(`\${last:${path}}`, value)]],
  );
  return Object.fromEntries(texts);
}

/** Longest value of a page that is kept for the next request: positions are kept in histories. */
const maxValueLength = 8_192;

/** @throws WrongShape for a value that is too large for a position */
export function boundedJson(where: string, value: unknown): string {
  const text = writeDeepJson(value);
  if (text.length <= maxValueLength) return text;
  throw new WrongShape(
    `paginator: ${where} has ${text.length} characters of JSON, expected at most ${maxValueLength}, because it is kept until the next request`,
  );
}

/** Values that mean that there is no next page. */
export function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === false || (typeof value === 'string' && value.trim() === '');
}
