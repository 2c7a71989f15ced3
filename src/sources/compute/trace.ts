/** What computing is for: keys of a source, and parts of its pages. The order is that of their numbers on the way out of a thread. */
export const steps = [
  ...(['page', 'record', 'records', 'items', 'fields', 'detail.fields', 'detail.url', 'paginator'] as const),
  ...(['schema', 'id', 'occurred_at', 'incremental.cursor', 'source'] as const),
  ...(['explode', 'filter', 'map', 'drop', 'mask'] as const),
] as const;
export type Step = (typeof steps)[number];

/** Records what is being computed, so that a timeout can name it. */
export interface Trace {
  /** The record that is at work, by its position in the page; null = none in particular. */
  record(position: number | null): void;
  /** @param field number of the field, in the order of `fieldNames` */
  step(step: Step, field?: number): void;
}

export const noTrace: Trace = { record: () => {}, step: () => {} };

/** Where a thread writes what it is doing, for the main thread to read while it is busy. */
export interface TraceView {
  /** Null = no record in particular. */
  readonly record: number | null;
  readonly step: Step;
  /** Null = no field. */
  readonly field: number | null;
}

const [recordAt, stepAt, fieldAt, runningAt] = [0, 1, 2, 3];
const cells = 4;

/** Memory for a trace that another thread can read. */
export function traceMemory(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(cells * Int32Array.BYTES_PER_ELEMENT));
}

export function createTrace(memory: Int32Array): Trace {
  return {
    record(position) {
      memory[recordAt] = position === null ? 0 : position + 1;
    },
    step(step, field) {
      memory[stepAt] = steps.indexOf(step);
      memory[fieldAt] = field === undefined ? 0 : field + 1;
    },
  };
}

export function readTrace(memory: Int32Array): TraceView {
  const [record = 0, step = 0, field = 0] = memory;
  return {
    record: record === 0 ? null : record - 1,
    step: steps[step] ?? 'page',
    field: field === 0 ? null : field - 1,
  };
}

/** Notes that a job has begun, or ended: what was loaded before does not count. */
export function setRunning(memory: Int32Array, running: boolean): void {
  memory[runningAt] = running ? 1 : 0;
}

export function isRunning(memory: Int32Array): boolean {
  return memory[runningAt] === 1;
}
