import { describe, expect, test } from 'vitest';
import type { AcceptedRecord } from '../../../../src/domain/run/record.ts';
import { createCursorTime } from '../../../../src/sources/extraction/cursor-time.ts';
import { filePlan, httpPlan } from '../plans.ts';

const record: AcceptedRecord = { sourceId: 'a', occurredAt: 5n, payload: '{}', repaired: false, timeFromRecord: true };
const item = (value: unknown) => ({ index: 0, raw: { value, exact: false, mayBeDeep: false } });
const incremental = {
  cursor: 'updated_at',
  format: 'epoch_s',
  startParam: 'since',
  endParam: null,
  initialValue: null,
  lagMs: 0,
};

describe('createCursorTime', () => {
  test('follows the time of the record, but not where the clock gave it', () => {
    for (const plan of [httpPlan(), filePlan()]) {
      expect(createCursorTime(plan)(item({}), record)).toBe(5n);
      expect(createCursorTime(plan)(item({}), { ...record, timeFromRecord: false })).toBeNull();
    }
  });

  test('follows the cursor of an incremental source, in its format', () => {
    const cursorTime = createCursorTime(httpPlan({ incremental }));
    expect(cursorTime(item({ updated_at: 7 }), record)).toBe(7_000_000n);
    for (const value of [{}, { updated_at: 'never' }, { updated_at: null }]) {
      expect(cursorTime(item(value), record)).toBeNull();
    }
  });
});
