import { isLate, judgeStarts, type Grid } from '../domain/monitoring/schedule-starts.ts';
import type { RecentStart, ScheduleStatus } from './schedule-status.ts';
import type { KnownSource } from './known-sources.ts';

/** Starts of a source by how they went. */
export interface StartCount {
  readonly on_time: number;
  readonly late: number;
  readonly skipped: number;
}

export const startResults = ['on_time', 'late', 'skipped'] as const satisfies readonly (keyof StartCount)[];

interface Seen {
  /** The latest start that is counted. */
  readonly last: RecentStart | null;
  readonly counts: StartCount;
}

const none: StartCount = { on_time: 0, late: 0, skipped: 0 };

/**
 * Counts the starts of each source, from when it first looks: a schedule lists only the latest few, which are read repeatedly.
 * Starts that came and went between two checks are not counted.
 */
export class StartCounts {
  #seen = new Map<string, Seen>();

  look(known: readonly KnownSource[], schedules: ReadonlyMap<string, ScheduleStatus>, now: Date): void {
    const seen = new Map<string, Seen>();
    for (const { name, grid } of known) {
      const before = this.#seen.get(name) ?? null;
      const schedule = schedules.get(name);
      if (schedule) seen.set(name, add(before, schedule, grid, now));
      else if (before) seen.set(name, before);
    }
    this.#seen = seen;
  }

  counts(): ReadonlyMap<string, StartCount> {
    return new Map([...this.#seen].map(([name, { counts }]) => [name, counts]));
  }
}

function add(before: Seen | null, { recent, notPausedSinceMs }: ScheduleStatus, grid: Grid | null, now: Date): Seen {
  const last = recent.at(-1) ?? before?.last ?? null;
  // Starts before the first check are not counted by this worker.
  if (!before) return { last, counts: none };
  const beganBefore = before.last?.begunMs ?? -Infinity;
  const fresh = recent.filter(({ begunMs }) => begunMs > beganBefore);
  if (fresh.length === 0) return before;
  const late = fresh.filter(isLate).length;
  const anchor = recent.filter(({ begunMs }) => begunMs <= beganBefore).slice(-1);
  // Whatever was skipped after the latest start counts once the next one has begun.
  const facts = { recent: [...anchor, ...fresh], nextMs: null, grid, lastEndMs: null, notPausedSinceMs };
  const skipped = judgeStarts(facts, now)?.skipped ?? 0;
  const { counts } = before;
  return {
    last,
    counts: {
      on_time: counts.on_time + fresh.length - late,
      late: counts.late + late,
      skipped: counts.skipped + skipped,
    },
  };
}
