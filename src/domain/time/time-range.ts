import { formatMicros, parseIso8601, type Micros } from './timestamp.ts';

/** A half-open range `[from, to)` of record times. */
export interface TimeRange {
  readonly from: Micros;
  readonly to: Micros;
}

export type TimeRangeResult =
  { readonly ok: true; readonly window: TimeRange } | { readonly ok: false; readonly why: string };

/** Reads the bounds of a window, each a day (its midnight, UTC) or an ISO 8601 time. */
export function parseWindow(from: string, to: string): TimeRangeResult {
  const start = parseIso8601(from);
  if (!start.ok) return { ok: false, why: `from "${from}": ${start.why}` };
  const end = parseIso8601(to);
  if (!end.ok) return { ok: false, why: `to "${to}": ${end.why}` };
  if (start.micros >= end.micros) {
    return { ok: false, why: `to "${to}" is not after from "${from}"; "to" is exclusive` };
  }
  return { ok: true, window: { from: start.micros, to: end.micros } };
}

export function windowContains(window: TimeRange, micros: Micros): boolean {
  return micros >= window.from && micros < window.to;
}

export function formatWindow(window: TimeRange): string {
  return `${formatMicros(window.from)}/${formatMicros(window.to)}`;
}
