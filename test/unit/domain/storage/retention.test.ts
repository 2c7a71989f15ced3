import { describe, expect, test } from 'vitest';
import {
  retentionCutoff,
  planRetirement,
  type DayState,
  type DayTable,
} from '../../../../src/domain/storage/retention.ts';

const dayMs = 86_400_000;

describe('keptFrom', () => {
  test.each([
    [null, '2026-11-24T00:05:00Z', null],
    [dayMs, '2026-11-24T00:00:00Z', '2026-11-23'],
    [dayMs, '2026-11-24T23:59:59.999Z', '2026-11-23'],
    [2 * dayMs, '2026-03-01T00:05:00Z', '2026-02-27'],
    [dayMs + 1, '2026-11-24T00:00:00Z', '2026-11-22'],
  ])('with a retention of %j ms at %s is %j: the day before it has ended by then', (retention, now, day) => {
    expect(retentionCutoff(retention, new Date(now))).toBe(day);
  });
});

describe('planRetirement', () => {
  const table = (day: string, status: DayTable['status'] = 'attached'): DayTable => ({ day, status });
  const plan = (tables: DayTable[], states: Record<string, DayState>, from: string | null) => {
    const { retire, putBack } = planRetirement(tables, new Map(Object.entries(states)), from);
    return [retire.map(({ day }) => day), putBack.map(({ day }) => day)];
  };

  test('takes expired days, the oldest first, and no restored one', () => {
    const tables = [table('2026-01-03'), table('2026-01-01'), table('2026-01-02'), table('2026-01-04')];
    expect(plan(tables, { '2026-01-02': 'restored' }, '2026-01-04')).toEqual([['2026-01-01', '2026-01-03'], []]);
    expect(plan(tables, {}, null)).toEqual([[], []]);
  });

  test('takes a half detached day before all others', () => {
    const tables = [table('2026-01-01'), table('2026-01-02', 'pending')];
    expect(plan(tables, { '2026-01-02': 'detaching' }, '2026-01-04')).toEqual([['2026-01-02', '2026-01-01'], []]);
  });

  test('continues with detached days of its own, and leaves those of others', () => {
    const tables = [table('2026-01-01', 'detached'), table('2026-01-02', 'detached')];
    expect(plan(tables, { '2026-01-02': 'archived' }, '2026-01-04')).toEqual([['2026-01-02'], []]);
  });

  test('puts back what is to be kept after all, unless its keys are being pruned', () => {
    const tables = ['2026-01-01', '2026-01-02', '2026-01-03'].map((day) => table(day, 'detached'));
    const states = { '2026-01-01': 'detaching', '2026-01-02': 'archived', '2026-01-03': 'pruning' } as const;
    expect(plan(tables, states, null)).toEqual([['2026-01-03'], ['2026-01-01', '2026-01-02']]);
  });
});
