import { parseWindow } from './time-range.ts';
import { countWindows, maxWindows } from './backfill-windows.ts';

/** Which windows of a range are to run. */
export type WindowChoice = 'all' | 'failed' | 'missing';

/** A range that is to be fetched again, in windows. */
export interface BackfillRequest {
  /** A day or an ISO 8601 time, UTC. */
  readonly from: string;
  /** Exclusive. */
  readonly to: string;
  readonly stepMs: number;
  readonly only: WindowChoice;
  /** Windows that run at once from now on; undefined = as before. */
  readonly concurrency?: number;
}

/** Whether the second request changes nothing where the first is still to be planned. */
export function repeats(first: BackfillRequest, second: BackfillRequest): boolean {
  const { from, to, stepMs, only } = second;
  const isSame = from === first.from && to === first.to && stepMs === first.stepMs && only === first.only;
  return isSame && second.concurrency === undefined;
}

/** Windows of a source that run at once, at most. */
export const maxConcurrency = 20;

export function isConcurrency(count: unknown): count is number {
  return typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= maxConcurrency;
}

const defaultStepMs = 86_400_000;
const minStepMs = 60_000;
const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

export type RequestResult =
  { readonly ok: true; readonly request: BackfillRequest } | { readonly ok: false; readonly why: string };

/** Reads `{from, to, step?, only?, concurrency?}` as a signal or a command brings it. Never throws. */
export function readBackfillRequest(payload: unknown): RequestResult {
  const fields = (typeof payload === 'object' && payload !== null ? payload : {}) as Record<string, unknown>;
  const { from, to, step, only = 'all', concurrency } = fields;
  if (typeof from !== 'string' || typeof to !== 'string') {
    return {
      ok: false,
      why: `found ${JSON.stringify(payload)?.slice(0, 200)}, expected {"from": "2026-11-01", "to": "2026-11-08"}`,
    };
  }
  const stepMs = step === undefined || step === null ? defaultStepMs : readStep(step);
  if (stepMs === null)
    return { ok: false, why: `step: found ${JSON.stringify(step)}, expected e.g. 6h or 1d, at least 1m` };
  if (only !== 'all' && only !== 'failed' && only !== 'missing') {
    return { ok: false, why: `only: found ${JSON.stringify(only)}, expected failed or missing` };
  }
  if (concurrency !== undefined && !isConcurrency(concurrency)) {
    return { ok: false, why: `concurrency: found ${JSON.stringify(concurrency)}, expected 1 to ${maxConcurrency}` };
  }
  const parsed = parseWindow(from, to);
  if (!parsed.ok) return { ok: false, why: parsed.why };
  const count = countWindows(parsed.window, stepMs);
  if (count > maxWindows) {
    return {
      ok: false,
      why: `${from} to ${to} are ${count} windows, at most ${maxWindows} are allowed; use a larger step`,
    };
  }
  return { ok: true, request: { from, to, stepMs, only, ...(concurrency === undefined ? {} : { concurrency }) } };
}

function readStep(step: unknown): number | null {
  const match = typeof step === 'string' ? /^(\d{1,6})([mhdw])$/.exec(step) : null;
  const stepMs = match ? Number(match[1]) * (units[match[2] ?? ''] ?? 0) : 0;
  return stepMs >= minStepMs ? stepMs : null;
}
