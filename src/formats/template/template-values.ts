import type { Micros } from '../../domain/time/timestamp.ts';
import { ExactNumber, parseJson, writeDeepJson } from '../exact-json.ts';
import { compileFinder, type Expression } from '../jmespath/jmespath.ts';
import { formatEnd, formatParameter } from '../parameter-time.ts';
import type { Placeholder } from './parse-template.ts';

/** What the placeholders of one request stand for. Null or absent = it has no value, as the first page has no cursor. */
export interface TemplateValues {
  readonly cursor?: unknown;
  readonly page?: number | null;
  readonly offset?: number | null;
  readonly limit?: number | null;
  readonly since?: Micros | null;
  readonly until?: Micros | null;
  readonly now?: Micros | null;
  /** How times are written whose placeholder does not say. */
  readonly timeFormat: string;
  /** Fields of the last record of the page before, by path. */
  readonly last?: Readonly<Record<string, unknown>>;
  /** The record that this request is made for. */
  readonly parent?: unknown;
  /** The id of the job of an export. */
  readonly job?: unknown;
  /** What its API answered to the submission, and to the last question for its status. */
  readonly submit?: unknown;
  readonly status?: unknown;
}

/** The value of a placeholder, with its type; undefined if it has none. */
export function valueOf(placeholder: Placeholder, values: TemplateValues): unknown {
  const { name, path } = placeholder;
  switch (name) {
    case 'since':
    case 'until':
    case 'now':
      return timeOf(placeholder, values[name] ?? null, values.timeFormat);
    case 'last':
      return values.last?.[path] ?? undefined;
    case 'parent':
      return parentValue(path, values.parent);
    case 'submit':
    case 'status':
      return finderOf(path)(values[name]) ?? undefined;
    default:
      return values[name] ?? undefined;
  }
}

/** A value of the configuration is named `value`, or `@`. */
function parentValue(path: string, parent: unknown): unknown {
  const isValue = typeof parent !== 'object' && path === 'value';
  return isValue ? parent : (finderOf(path)(parent) ?? undefined);
}

/** A value as text: what is no text or number is written as JSON. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  return value instanceof ExactNumber ? value.text : writeDeepJson(value);
}

/** Numbers of seconds and milliseconds keep their type. */
function timeOf({ name, format, shiftMs }: Placeholder, time: Micros | null, usual: string): unknown {
  if (time === null) return undefined;
  const shifted = time + BigInt(shiftMs) * 1000n;
  const written = format ?? usual;
  const text = name === 'until' ? formatEnd(shifted, written) : formatParameter(shifted, written);
  return written === 'epoch_s' || written === 'epoch_ms' ? parseJson(text).value : text;
}

const maxFinders = 500;
const finders = new Map<string, Expression>();

/** Few paths, and many requests. */
function finderOf(path: string): Expression {
  const known = finders.get(path);
  if (known) return known;
  if (finders.size >= maxFinders) finders.clear();
  const find = compileFinder(path);
  finders.set(path, find);
  return find;
}
