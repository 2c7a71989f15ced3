import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  judgeStarts,
  type ScheduledStart,
  type StartFacts,
} from '../../../../src/domain/monitoring/schedule-starts.ts';

const minute = 60_000;
const noon = Date.parse('2026-11-01T12:00:00Z');
const grid = { everyMs: minute, offsetMs: 7_000 };
/** The slot of a minute after noon. */
const slot = (minutes: number) => noon + minutes * minute + 7_000;
const at = (minutes: number, seconds: number) => new Date(slot(minutes) + seconds * 1_000);
const start = (minutes: number, delaySeconds = 0): ScheduledStart => {
  const dueMs = slot(minutes);
  return { slotMs: dueMs, dueMs, begunMs: dueMs + delaySeconds * 1_000 };
};
const facts = (part: Partial<StartFacts>): StartFacts => ({
  recent: [],
  nextMs: null,
  grid,
  lastEndMs: 0,
  notPausedSinceMs: -Infinity,
  ...part,
});

describe('judgeStarts', () => {
  test('finds nothing wrong with starts that begin when they are due', () => {
    const recent = [start(0, 0.2), start(1, 0.4), start(2, 3)];
    expect(judgeStarts(facts({ recent, nextMs: slot(3) }), at(2, 20))).toEqual({
      since: '2026-11-01T12:00:07.000Z',
      due: 3,
      late: 0,
      skipped: 0,
      delayMs: 3_000,
      problem: null,
    });
  });

  test('says nothing where no start is known and none is overdue', () => {
    expect(judgeStarts(facts({ nextMs: slot(1) }), at(1, 20))).toBeNull();
    expect(judgeStarts(facts({}), at(1, 20))).toBeNull();
  });

  test('names a start that has not begun, also the first one', () => {
    const problem = 'a start was due at 2026-11-01T12:01:07.000Z, 31s ago, and has not started';
    expect(judgeStarts(facts({ recent: [start(0)], nextMs: slot(1) }), at(1, 31))).toMatchObject({
      problem,
      delayMs: 31_000,
      due: 1,
      skipped: 0,
    });
    expect(judgeStarts(facts({ nextMs: slot(1) }), at(1, 31))).toMatchObject({ problem, due: null });
    expect(judgeStarts(facts({ recent: [start(0)], nextMs: slot(1) }), at(1, 30))?.problem).toBeNull();
  });

  test('counts starts that were late, and those that were skipped for it', () => {
    const late = start(0, 126);
    const found = judgeStarts(facts({ recent: [late], nextMs: slot(3), lastEndMs: late.begunMs + 500 }), at(2, 20));
    expect(found).toMatchObject({ late: 1, skipped: 2, due: 3, delayMs: 126_000 });
    expect(found?.problem).toBe(
      'its last start was 2m6s late: due at 2026-11-01T12:00:07.000Z, started at 2026-11-01T12:02:13.000Z; 2 of the 3 starts due since 2026-11-01T12:00:07.000Z were skipped',
    );
  });

  test('lets one late start go after two minutes, and not two', () => {
    const problem = (recent: readonly ScheduledStart[], seconds: number) =>
      judgeStarts(facts({ recent, grid: null }), at(60, seconds))?.problem ?? null;
    expect(problem([start(0), start(60, 50)], 50 + 120)).not.toBeNull();
    expect(problem([start(0), start(60, 50)], 50 + 121)).toBeNull();
    expect(problem([start(0, 40), start(60, 50)], 50 + 1_000)).not.toBeNull();
  });

  test('counts what was skipped while a run was running', () => {
    const ended = { recent: [start(0)], nextMs: slot(6), notPausedSinceMs: null, lastEndMs: slot(4) - 1 };
    expect(judgeStarts(facts(ended), at(5, 1))).toMatchObject({ skipped: 3, due: 4 });
    // It still is.
    expect(judgeStarts(facts({ ...ended, lastEndMs: null }), at(5, 1))).toMatchObject({ skipped: 5, due: 6 });
  });

  test('takes no pause for skipped starts', () => {
    const recent = [start(0), start(10)];
    const skipped = (notPausedSinceMs: number | null) =>
      judgeStarts(facts({ recent, notPausedSinceMs, nextMs: slot(11) }), at(10, 5))?.skipped;
    expect(skipped(-Infinity)).toBe(9);
    expect(skipped(slot(8) - 1)).toBe(2);
    expect(skipped(slot(9) + 1)).toBe(0);
    expect(skipped(null)).toBe(0);
  });

  test('begins to count at the last start beside the grid: one by hand, or one before the schedule was changed', () => {
    const byHand = { ...start(0), slotMs: slot(0) + 20_000 };
    expect(judgeStarts(facts({ recent: [start(-9), byHand, start(1)], nextMs: slot(2) }), at(1, 5))).toMatchObject({
      since: new Date(slot(1)).toISOString(),
      due: 1,
      skipped: 0,
    });
    const moved = [start(-2), start(-1)].map((found) => ({ ...found, slotMs: found.slotMs - 7_000 }));
    expect(judgeStarts(facts({ recent: moved, nextMs: slot(0) }), at(-1, 20))).toMatchObject({ due: null });
  });

  test('counts slots as they are without jitter', () => {
    const jittered = [start(0), start(1), start(2)].map((found, n) => {
      const dueMs = found.slotMs + n * 9_000;
      return { ...found, dueMs, begunMs: dueMs + 100 };
    });
    expect(judgeStarts(facts({ recent: jittered, nextMs: slot(3) + 5_000 }), at(3, 1))).toMatchObject({
      due: 3,
      skipped: 0,
      delayMs: 100,
    });
  });

  test('counts due and skipped starts as a schedule made them, whatever held them up', () => {
    const run = fc.record({
      delaySeconds: fc.integer({ min: 0, max: 300 }),
      runSeconds: fc.integer({ min: 1, max: 400 }),
    });
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 10 }), fc.boolean(), (runs, isOpen) => {
        const recent: ScheduledStart[] = [];
        let skipped = 0;
        let minutes = 0;
        let endMs = 0;
        for (const { delaySeconds, runSeconds } of runs) {
          const begun = start(minutes, delaySeconds);
          recent.push(begun);
          endMs = begun.begunMs + runSeconds * 1_000;
          // Overlap policy "skip": slots up to the end of the run have no start.
          const next = Math.max(minutes + 1, Math.floor((endMs - slot(0)) / minute) + 1);
          skipped += next - minutes - 1;
          minutes = next;
        }
        const now = new Date(endMs + (isOpen ? 0 : 1));
        const found = judgeStarts(facts({ recent, nextMs: slot(minutes), lastEndMs: isOpen ? null : endMs }), now);
        expect(found).toMatchObject({ skipped, due: recent.length + skipped });
      }),
    );
  });
});
