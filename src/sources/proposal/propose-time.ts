import { ExactNumber } from '../../formats/exact-json.ts';
import { parseIso8601, parseRfc822, type TimeResult } from '../../domain/time/timestamp.ts';
import { createTimeReader } from '../extraction/occurred-at.ts';
import { lastPart } from './record-fields.ts';

export interface ProposedTime {
  /** JMESPath */
  readonly path: string;
  /** A named format, or a pattern of date-fns. */
  readonly format: string;
}

/** Ways to write a time that are no ISO 8601, the likelier first of those that read the same texts. */
const patterns = [
  'yyyy-MM-dd HH:mm:ss xx',
  'yyyy/MM/dd HH:mm:ss',
  'yyyy/MM/dd HH:mm',
  'yyyy/MM/dd',
  'yyyy.MM.dd',
  'dd.MM.yyyy HH:mm:ss',
  'dd.MM.yyyy HH:mm',
  'dd.MM.yyyy',
  'd.M.yyyy',
  'dd-MM-yyyy HH:mm',
  'dd-MM-yyyy',
  'dd/MM/yyyy HH:mm:ss',
  'dd/MM/yyyy HH:mm',
  'dd/MM/yyyy',
  'MM/dd/yyyy HH:mm:ss',
  'MM/dd/yyyy HH:mm',
  'MM/dd/yyyy hh:mm:ss a',
  'MM/dd/yyyy hh:mm a',
  'MM/dd/yyyy',
  'M/d/yyyy h:mm a',
  'M/d/yyyy',
  'd MMM yyyy',
  'd MMMM yyyy',
  'MMM d, yyyy',
  'MMMM d, yyyy',
  'dd-MMM-yyyy',
  'dd/MMM/yyyy:HH:mm:ss xx',
  "yyyyMMdd'T'HHmmss",
  'yyyyMMddHHmmss',
  'yyyyMMdd',
];
const readers = new Map(patterns.map((pattern) => [pattern, createTimeReader(pattern, 'UTC')]));

/** Names of times, those that say when something happened before those that say when it was touched. */
const timeNames = [
  /(?:occurred|published|posted|event|start)[a-z]*[._-]?(?:at|on|time|date)?$/i,
  /^(?:time|timestamp|ts|date|datetime|when|day|datum|tag|fecha|jour|stand)$/i,
  /(?:created|added|inserted|recorded|reported|received)[._-]?(?:at|on|time|date)?$/i,
  /(?:at|on|time|date|timestamp)$/i,
  /(?:updated|modified|changed)/i,
];

/** The field whose values are times in every record, by its name and by what it holds. */
export function proposeTime(fields: ReadonlyMap<string, readonly unknown[]>): ProposedTime | null {
  return proposeTimes(fields)[0] ?? null;
}

/** All of them, the likeliest first. */
export function proposeTimes(fields: ReadonlyMap<string, readonly unknown[]>): readonly ProposedTime[] {
  const times = [...fields].flatMap(([path, values]) => {
    const format = formatOf(
      values,
      timeNames.some((name) => name.test(lastPart(path))),
    );
    return format === null ? [] : [{ path, format }];
  });
  const named = timeNames.flatMap((name) => times.filter(({ path }) => name.test(lastPart(path))));
  // Without a name only what can be nothing else is one.
  return [...new Set([...named, ...times.filter(({ format }) => !format.startsWith('epoch_'))])];
}

/** @param isNamed whether the field is called like a time: then digits alone may be one */
function formatOf(values: readonly unknown[], isNamed: boolean): string | null {
  if (values.length === 0) return null;
  if (values.every((value) => typeof value === 'string' && parseIso8601(value).ok)) return 'iso8601';
  if (values.every((value) => typeof value === 'string' && parseRfc822(value).ok)) return 'rfc822';
  const numbers = values.map((value) => numberOf(value, isNamed));
  if (numbers.every((value) => isBetween(value, years(1990) / 1_000, years(2100) / 1_000))) return 'epoch_s';
  if (numbers.every((value) => isBetween(value, years(1990), years(2100)))) return 'epoch_ms';
  const isText = (value: unknown) => typeof value === 'string' && value.length <= 40 && (isNamed || /\D/.test(value));
  if (!values.every(isText)) return null;
  const now = new Date();
  return patterns.find((pattern) => values.every((value) => isPlausible(readers.get(pattern)?.(value, now)))) ?? null;
}

function numberOf(value: unknown, isNamed: boolean): unknown {
  if (value instanceof ExactNumber) return Number(value.text);
  return isNamed && typeof value === 'string' && /^\d{10}(?:\.\d+)?$|^\d{13}$/.test(value) ? Number(value) : value;
}

/** A pattern reads the year 26 of 05.03.26, too. */
function isPlausible(time: TimeResult | undefined): boolean {
  return time?.ok === true && isBetween(Number(time.micros / 1_000n), years(1900), years(2100));
}

function years(year: number): number {
  return Date.UTC(year, 0, 1);
}

function isBetween(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}
