import type { PartCheck } from '../../formats/csv/csv-part.ts';
import type { Day } from '../../domain/time/day.ts';
import { pathSegment } from '../../formats/path-segment.ts';
import { sinks, type Sink } from '../../domain/run/sink.ts';
import { windowName, windowOfName, type TimeRangeText } from '../../domain/time/backfill-windows.ts';
import type { PathField } from './path-layout.ts';

/** The parts that names of stored files are made of. */

/** A text as it is. */
export function text(pattern: string): PathField<string> {
  return { pattern, write: (value) => value, read: (found) => found };
}

/** Anything that is one file's name. */
export const anyName = text('[^/]+');
export const source = text('[a-z0-9][a-z0-9_-]{0,62}');
export const day: PathField<Day> = text(String.raw`\d{4}-\d{2}-\d{2}`);
/** A whole sha256. */
export const sha256 = text('[0-9a-f]{64}');

export const sink: PathField<Sink> = {
  pattern: sinks.join('|'),
  write: (value) => value,
  read: (found) => sinks.find((name) => name === found) ?? null,
};

export const count: PathField<number> = { pattern: String.raw`\d+`, write: String, read: Number };

/** An id that users choose: see `pathPart`. One that is too long for a name is read back as its hash. */
export const id: PathField<string> = {
  pattern: '[A-Za-z0-9_%-]+',
  write: pathSegment,
  read(found) {
    try {
      return decodeURIComponent(found);
    } catch {
      return null;
    }
  },
};

/** `2026-11-24T10:00:00.000Z` as `20261124T100000000Z`. */
export const time: PathField<string> = {
  pattern: String.raw`\d{8}T\d{9}Z`,
  write: (value) => value.replaceAll(/[-:.]/g, ''),
  read(found) {
    const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z$/.exec(found) ?? [];
    const [year, month, ofMonth, hour, minute, second, millisecond] = parts;
    return `${year}-${month}-${ofMonth}T${hour}:${minute}:${second}.${millisecond}Z`;
  },
};

export const window: PathField<TimeRangeText> = { pattern: '[^/]+', write: windowName, read: windowOfName };

/** Nothing, or `prefix` and a text. */
export function optional(prefix: string, pattern: string): PathField<string | null> {
  return {
    pattern: `(?:${prefix}${pattern})?`,
    write: (value) => (value === null ? '' : `${prefix}${value}`),
    read: (found) => (found === '' ? null : found.slice(prefix.length)),
  };
}

/** The first of several has no number; others `.2`, `.3`, …. */
export const ordinal: PathField<number> = {
  pattern: String.raw`(?:\.\d+)?`,
  write: (value) => (value === 1 ? '' : `.${value}`),
  read: (found) => (found === '' ? 1 : Number(found.slice(1))),
};

/** How many records a part must hold, and how the hash of its bytes begins; nothing if its name does not say. */
export const partCheck: PathField<PartCheck | null> = {
  pattern: String.raw`(?:-\d+-[0-9a-f]{16})?`,
  write: (value) => (value === null ? '' : `-${value.rows}-${value.sha256}`),
  read(found) {
    const [, rows, hash] = found.split('-');
    return rows === undefined || hash === undefined ? null : { rows: Number(rows), sha256: hash };
  },
};
