import { describe, expect, test } from 'vitest';
import { noSchedule, type RecentStart } from '../../../src/status/schedule-status.ts';
import { StartCounts } from '../../../src/status/start-counts.ts';

const minute = 60_000;
const noon = Date.parse('2026-11-01T12:00:00Z');
const known = [
  { name: 'news', everyMs: minute, isCron: false, probe: null, grid: { everyMs: minute, offsetMs: 0 } },
  { name: 'cronned', everyMs: null, isCron: true, probe: null, grid: null },
];
const start = (minutes: number, delaySeconds = 0): RecentStart => {
  const dueMs = noon + minutes * minute;
  return { workflowId: `scrape-${minutes}`, slotMs: dueMs, dueMs, begunMs: dueMs + delaySeconds * 1_000 };
};
const schedule = (recent: readonly RecentStart[], notPausedSinceMs: number | null = -Infinity) => ({
  ...noSchedule,
  recent,
  notPausedSinceMs,
});

/** What is counted after several looks at the latest starts of both sources. */
function counted(...looks: readonly ReturnType<typeof schedule>[]) {
  const counts = new StartCounts();
  for (const look of looks) counts.look(known, new Map(known.map(({ name }) => [name, look])), new Date(noon));
  return counts.counts();
}

describe('StartCounts', () => {
  test('counts each start once over repeated checks, and none from before its first check', () => {
    const looks = [[start(0)], [start(0), start(1)], [start(0), start(1)], [start(1), start(2), start(3, 40)]];
    expect(counted(...looks.map((recent) => schedule(recent))).get('news')).toEqual({
      on_time: 2,
      late: 1,
      skipped: 0,
    });
    expect(counted(schedule([start(0, 90), start(3)])).get('news')).toEqual({ on_time: 0, late: 0, skipped: 0 });
  });

  test('counts the first starts of a schedule that had none', () => {
    expect(counted(schedule([]), schedule([start(0), start(1)])).get('news')).toMatchObject({ on_time: 2 });
  });

  test('counts skipped starts once the next one has begun, and none of a cron line that only the server reads', () => {
    const found = counted(
      schedule([start(0)]),
      schedule([start(0), start(1, 126)]),
      schedule([start(1, 126), start(4)]),
    );
    expect(found.get('news')).toEqual({ on_time: 1, late: 1, skipped: 2 });
    expect(found.get('cronned')).toEqual({ on_time: 1, late: 1, skipped: 0 });
  });

  test('counts no pause, and nothing of what it did not see', () => {
    expect(counted(schedule([start(0)]), schedule([start(0), start(60)], null)).get('news')).toMatchObject({
      skipped: 0,
    });
    expect(counted(schedule([start(0)]), schedule([start(50), start(51)])).get('news')).toEqual({
      on_time: 2,
      late: 0,
      skipped: 0,
    });
  });

  test('keeps its counts while a schedule is unavailable', () => {
    const counts = new StartCounts();
    const look = (recent: readonly RecentStart[]) =>
      counts.look(known, new Map([['news', schedule(recent)]]), new Date(noon));
    look([start(0)]);
    look([start(0), start(1)]);
    counts.look(known, new Map(), new Date(noon));
    look([start(1), start(2)]);
    expect(counts.counts().get('news')).toMatchObject({ on_time: 2 });
  });
});
