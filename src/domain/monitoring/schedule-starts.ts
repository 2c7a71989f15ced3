import { formatDuration } from '../time/duration.ts';

/** A start that a schedule made. Milliseconds since the epoch. */
export interface ScheduledStart {
  /** The time of its schedule, without jitter. */
  readonly slotMs: number;
  /** When it was due, jitter included. */
  readonly dueMs: number;
  readonly begunMs: number;
}

/** Evenly spaced times: multiples of `everyMs` since the epoch, and `offsetMs`. */
export interface Grid {
  readonly everyMs: number;
  readonly offsetMs: number;
}

/** What is known of the starts of a source. */
export interface StartFacts {
  /** The latest few, the oldest first. */
  readonly recent: readonly ScheduledStart[];
  /** When the next one is due; null if none is, or the schedule is paused. */
  readonly nextMs: number | null;
  /** When it is due; null if no simple interval says that, as with a cron line. */
  readonly grid: Grid | null;
  /** When the run of the latest start ended; null = it is in progress, or unknown. */
  readonly lastEndMs: number | null;
  /** Since when the schedule has not been paused; null = it was paused until an unknown time. */
  readonly notPausedSinceMs: number | null;
}

/** How the latest starts of a source went. */
export interface Starts {
  /** The slot of the first one looked at. ISO 8601. */
  readonly since: string;
  /** Slots from then on that are over. Null if they cannot be counted: of a cron line only the server knows them. */
  readonly due: number | null;
  /** Starts that began later than `lateMs` after they were due. */
  readonly late: number;
  /** Slots without a start: the run before was in progress, or a start was so late that the next one was due, or missed. */
  readonly skipped: number | null;
  /** How late the latest start began, or the next one is by now, whichever is more. */
  readonly delayMs: number;
  /** Whether starts are late now, and why in words; null = they are not. */
  readonly problem: string | null;
}

/** A start later than this is late. */
export const lateMs = 30_000;
/** For how long one late start counts: after a server's restart each source starts late once. */
const rememberedMs = 120_000;

/** Judges the latest starts of a source; null if there was none, and none is overdue. */
export function judgeStarts(facts: StartFacts, now: Date): Starts | null {
  const { recent, nextMs } = facts;
  const nowMs = now.getTime();
  const overdueMs = nextMs === null ? 0 : Math.max(0, nowMs - nextMs);
  const last = recent.at(-1);
  const first = recent[0]?.slotMs ?? nextMs;
  if (first === null || (!last && overdueMs <= lateMs)) return null;
  const slots = countSlots(facts, nowMs);
  const late = recent.filter(isLate).length;
  return {
    since: new Date(slots?.firstMs ?? first).toISOString(),
    due: slots?.due ?? null,
    late,
    skipped: slots?.skipped ?? null,
    delayMs: Math.max(overdueMs, last ? delayOf(last) : 0),
    problem: problemOf(facts, overdueMs, skippedText(slots), nowMs),
  };
}

export function isLate(start: ScheduledStart): boolean {
  return delayOf(start) > lateMs;
}

function delayOf({ dueMs, begunMs }: ScheduledStart): number {
  return Math.max(0, begunMs - dueMs);
}

interface Slots {
  readonly firstMs: number;
  readonly due: number;
  readonly skipped: number;
}

function skippedText(slots: Slots | null): string {
  if (!slots || slots.skipped === 0) return '';
  return `; ${slots.skipped} of the ${slots.due} starts due since ${timeOf(slots.firstMs)} ${slots.skipped === 1 ? 'was' : 'were'} skipped`;
}

function problemOf({ recent, nextMs }: StartFacts, overdueMs: number, more: string, nowMs: number): string | null {
  if (nextMs !== null && overdueMs > lateMs) {
    return `a start was due at ${timeOf(nextMs)}, ${lasting(overdueMs)} ago, and has not started${more}`;
  }
  const [before, last] = [recent.at(-2), recent.at(-1)];
  if (!last || !isLate(last)) return null;
  const isOver = nowMs - last.begunMs > rememberedMs && !(before && isLate(before));
  if (isOver) return null;
  return `its last start was ${lasting(delayOf(last))} late: due at ${timeOf(last.dueMs)}, started at ${timeOf(last.begunMs)}${more}`;
}

/** Slots from the first start on that are over, and how many of them had no start. */
function countSlots({ recent, nextMs, grid, lastEndMs, notPausedSinceMs }: StartFacts, nowMs: number): Slots | null {
  if (!grid) return null;
  // Starts outside the grid were made by hand, or before the schedule was changed: nothing is known about earlier times.
  const beside = recent.findLastIndex(({ slotMs }) => !isOn(grid, slotMs));
  const known = recent.slice(beside + 1);
  const [first] = known;
  if (!first) return null;
  let skipped = 0;
  known.forEach(({ slotMs, begunMs }, index) => {
    const next = known[index + 1];
    const untilMs = next?.slotMs ?? nextSlot(grid, nextMs, nowMs);
    // What was due while a start was late, or while its run was in progress, was skipped for that; the rest may have been paused.
    const openMs = next ? begunMs : Math.max(begunMs, lastEndMs ?? nowMs);
    const sureMs = Math.min(untilMs, Math.max(slotMs, openMs + 1));
    const pausedMs = Math.max(sureMs - 1, notPausedSinceMs ?? untilMs);
    skipped += slotsBetween(grid, slotMs, sureMs) + slotsBetween(grid, pausedMs, untilMs);
  });
  return { firstMs: first.slotMs, due: known.length + skipped, skipped };
}

/** The slot that the next start is for, jitter taken away; of a schedule that is paused, the one after the last start. */
function nextSlot(grid: Grid, nextMs: number | null, nowMs: number): number {
  return nextMs === null ? 0 : Math.min(floorTo(grid, nextMs), nowMs + grid.everyMs);
}

/** How many slots lie between two times, both excluded. */
function slotsBetween({ everyMs, offsetMs }: Grid, fromMs: number, untilMs: number): number {
  const after = Math.floor((fromMs - offsetMs) / everyMs) + 1;
  const before = Math.ceil((untilMs - offsetMs) / everyMs) - 1;
  return Math.max(0, before - after + 1);
}

function floorTo({ everyMs, offsetMs }: Grid, timeMs: number): number {
  return Math.floor((timeMs - offsetMs) / everyMs) * everyMs + offsetMs;
}

function isOn(grid: Grid, timeMs: number): boolean {
  return floorTo(grid, timeMs) === timeMs;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function lasting(ms: number): string {
  return formatDuration(Math.floor(ms / 1_000) * 1_000);
}
