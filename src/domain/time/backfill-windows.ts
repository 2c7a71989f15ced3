import { formatMicros, parseIso8601, type Micros } from './timestamp.ts';
import type { TimeRange } from './time-range.ts';

/** A window as in workflows and file names: canonical times, `to` exclusive. */
export interface TimeRangeText {
  readonly from: string;
  readonly to: string;
}

/** More windows at once than this are a typing mistake. */
export const maxWindows = 10_000;

/** Cuts a range at multiples of the step, counted from 1970 UTC; the first and last piece may be shorter. */
export function cutWindows({ from, to }: TimeRange, stepMs: number): TimeRangeText[] {
  const step = BigInt(stepMs) * 1_000n;
  const pieces: TimeRangeText[] = [];
  for (let start = from; start < to;) {
    const boundary = (floorDiv(start, step) + 1n) * step;
    const end = boundary < to ? boundary : to;
    pieces.push({ from: formatMicros(start), to: formatMicros(end) });
    start = end;
  }
  return pieces;
}

/** How many pieces that makes. */
export function countWindows({ from, to }: TimeRange, stepMs: number): number {
  const step = BigInt(stepMs) * 1_000n;
  return Number(floorDiv(to - 1n, step) - floorDiv(from, step)) + 1;
}

/** `2026-11-01_2026-11-02`, or with times where it does not begin and end at midnight. */
export function windowName({ from, to }: TimeRangeText): string {
  return `${shortTime(from)}_${shortTime(to)}`;
}

/** The window that a name stands for; null if it is not one. */
export function windowOfName(name: string): TimeRangeText | null {
  const [from, to, ...rest] = name.split('_').map(longTime);
  if (!from || !to || rest.length > 0) return null;
  return windowName({ from, to }) === name ? { from, to } : null;
}

/** Those windows that do not lie within others, taken together. */
export function uncovered(windows: readonly TimeRangeText[], others: readonly TimeRangeText[]): TimeRangeText[] {
  const ranges = joined(others);
  return windows.filter(({ from, to }) => {
    // The last range that begins at or before the window is the only one that may contain it.
    let [low, high] = [0, ranges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ranges[middle]?.from ?? '') <= from) low = middle + 1;
      else high = middle;
    }
    const range = ranges[low - 1];
    return range === undefined || range.to < to;
  });
}

/** The ranges that windows make together, in order, none touching the next. */
function joined(windows: readonly TimeRangeText[]): TimeRangeText[] {
  const ranges: { from: string; to: string }[] = [];
  for (const { from, to } of [...windows].sort((a, b) => (a.from < b.from ? -1 : 1))) {
    const last = ranges.at(-1);
    if (last && from <= last.to) last.to = to > last.to ? to : last.to;
    else ranges.push({ from, to });
  }
  return ranges;
}

/**
 * The window extended on both sides. Neighbours overlap then: an API that leaves out the records on its bounds, or shows them late,
 * hides none of them. The ledger recognizes what comes twice.
 */
export function widenWindow(window: TimeRangeText, byMs: number): TimeRangeText {
  const by = BigInt(byMs) * 1_000n;
  const moved = (time: string, micros: Micros) => {
    const parsed = parseIso8601(time);
    return parsed.ok ? formatMicros(parsed.micros + micros) : time;
  };
  return { from: moved(window.from, -by), to: moved(window.to, by) };
}

/** Reads a window that came from outside; null if it is not one. */
export function readWindow(value: unknown): TimeRangeText | null {
  const { from, to } = (typeof value === 'object' && value !== null ? value : {}) as Partial<Record<string, unknown>>;
  if (typeof from !== 'string' || typeof to !== 'string') return null;
  const [start, end] = [parseIso8601(from), parseIso8601(to)];
  if (!start.ok || !end.ok || start.micros >= end.micros) return null;
  return { from: formatMicros(start.micros), to: formatMicros(end.micros) };
}

function shortTime(time: string): string {
  const short = time.replace(/\.?0*Z$/, 'Z').replace(/T00:00:00Z$/, '');
  return short.replace(/:00Z$/, 'Z').replaceAll(':', '');
}

/** The inverse of {@link shortTime}; null if it is not a time. */
function longTime(short: string): string | null {
  const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d)(\d\d)(\d\d)?(?:\.(\d{1,6}))?Z)?$/.exec(short);
  if (!match) return null;
  const [, day, hour = '00', minute = '00', second = '00', fraction = ''] = match;
  return `${day}T${hour}:${minute}:${second}.${fraction.padEnd(6, '0')}Z`;
}

/** BigInt's division rounds towards zero, times before 1970 are negative. */
function floorDiv(a: Micros, b: bigint): bigint {
  return a >= 0n || a % b === 0n ? a / b : a / b - 1n;
}
