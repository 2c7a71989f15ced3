import { describe, expect, test } from 'vitest';
import { countUnreadable } from '../../../../src/domain/state/unreadable-cursor.ts';

const end = { cutShort: false, notModified: false, notBefore: null };
const unread = { unreadableCursor: true, watermark: null } as const;

describe('countUnreadable', () => {
  test('alerts with the third poll in a row that found no time at the cursor', () => {
    expect(countUnreadable('a', {}, unread, end)).toEqual({ patch: { unreadableCursor: 1 }, alert: {} });
    expect(countUnreadable('a', { unreadableCursor: 1 }, unread, end).alert).toEqual({});
    const third = countUnreadable('a', { unreadableCursor: 2 }, unread, end);
    expect(third.patch).toEqual({ unreadableCursor: 3 });
    expect(third.alert.paging).toContain('incremental.cursor in 3 polls');
  });

  test('begins again with a time that can be read, also on a later page', () => {
    const read = { unreadableCursor: true, watermark: '2026-11-01T00:00:00.000000Z' } as const;
    expect(countUnreadable('a', { unreadableCursor: 2 }, read, end)).toEqual({
      patch: { unreadableCursor: 0 },
      alert: {},
    });
  });

  test('counts no poll that read nothing or is not over', () => {
    const state = { unreadableCursor: 2 };
    for (const ended of [null, { ...end, notModified: true }, { ...end, notBefore: '2026-11-01T00:00:00Z' }]) {
      expect(countUnreadable('a', state, unread, ended)).toEqual({ patch: {}, alert: {} });
    }
    expect(countUnreadable('a', state, { watermark: null }, end)).toEqual({ patch: {}, alert: {} });
  });
});
