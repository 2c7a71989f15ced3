import { expect, test } from 'vitest';
import { isRemoved, removedState, returnedState } from '../../../../src/temporal/schedules/orphan-note.ts';

const now = new Date('2026-11-24T12:00:00Z');
const byHand = 'daybook: paused by ann@host until 2026-11-24T13:00:00.000Z: maintenance';

test('a schedule whose source is gone resumes when the source is back', () => {
  const removed = removedState({ paused: false, note: 'something' });
  expect(removed.paused).toBe(true);
  expect(isRemoved(removed)).toBe(true);
  expect(returnedState(removed, now)).toEqual({ paused: false, note: 'daybook: the source is back' });
});

test('a schedule that was paused before stays paused as before, unless that pause is over', () => {
  const removed = removedState({ paused: true, note: byHand });
  expect(isRemoved(removed)).toBe(true);
  expect(returnedState(removed, now)).toEqual({ paused: true, note: byHand });
  expect(returnedState(removed, new Date('2026-11-24T13:00:00Z'))).toMatchObject({ paused: false });
});

test('other pauses are left alone', () => {
  expect(isRemoved({ paused: true, note: byHand })).toBe(false);
  expect(isRemoved({ ...removedState({ paused: false }), paused: false })).toBe(false);
});
