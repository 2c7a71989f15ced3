import { expect, test } from 'vitest';
import { Waits } from '../../../../src/cli/output/run-progress.ts';
import type { RunWait } from '../../../../src/status/run-waits.ts';

const at = (time: string) => new Date(`2026-11-01T${time}Z`);
const postgres: RunWait = { on: 'PostgreSQL', reason: 'SinkUnavailable: refused', until: null };
const turn: RunWait = { on: 'a slot at the host', reason: null, until: '2026-11-01T09:05:00.000Z' };

test('what runs wait for is shown with its start, once for all that wait for the same', () => {
  const waits = new Waits();
  expect(waits.text(new Map(), at('09:00:00'))).toBeNull();
  expect(waits.text(new Map([['news', postgres]]), at('09:00:02'))).toBe(
    'waiting for PostgreSQL since 09:00:02Z: news (SinkUnavailable: refused)',
  );
  const names = ['news', 'wire', 'press', 'reports', 'quakes'];
  const all = new Map<string, RunWait>([...names.map((name) => [name, postgres] as const), ['slow', turn]]);
  expect(waits.text(all, at('09:00:30'))).toBe(
    'waiting for PostgreSQL since 09:00:02Z: news, wire, press and 2 more (SinkUnavailable: refused); ' +
      'waiting for a slot at the host since 09:00:30Z until 09:05:00Z: slow',
  );
});

test('a part that is unavailable again is waited for since its latest failure', () => {
  const waits = new Waits();
  waits.text(new Map([['news', postgres]]), at('09:00:00'));
  waits.text(new Map(), at('09:01:00'));
  expect(waits.text(new Map([['news', postgres]]), at('09:02:00'))).toMatch(/since 09:02:00Z/);
});
