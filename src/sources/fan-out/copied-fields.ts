import { parseJson, writeJson } from '../../formats/exact-json.ts';
import { keysOfPath } from '../../formats/jmespath/path-names.ts';
import { isObject } from '../../domain/is-object.ts';
import type { FanOutPlan } from '../../domain/plan/for-each.ts';

/**
 * JSON text of the fields of a parent that each record gets as `parent`; null if none are copied. A field that the parent does not have
 * is left out. A value of the configuration is an object with the field `value`.
 */
export function copiedFields({ parentFields }: FanOutPlan, parent: string): string | null {
  if (!parentFields) return null;
  const { value, exact } = parseJson(parent);
  const from = isObject(value) ? value : { value };
  const copy: Record<string, unknown> = {};
  for (const path of parentFields) copyField(from, copy, keysOfPath(path) ?? [path]);
  return writeJson(copy, exact);
}

function copyField(from: Record<string, unknown>, to: Record<string, unknown>, keys: readonly string[]): void {
  const [key, ...rest] = keys;
  if (key === undefined || !Object.hasOwn(from, key)) return;
  const value = from[key];
  if (rest.length === 0) return set(to, key, value);
  if (!isObject(value)) return;
  const present = Object.hasOwn(to, key) ? to[key] : undefined;
  const inner = isObject(present) ? present : {};
  copyField(value, inner, rest);
  set(to, key, inner);
}

/** A parent may have a field `__proto__`. */
function set(to: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(to, key, { value, enumerable: true, configurable: true, writable: true });
}
