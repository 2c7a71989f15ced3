import { noPauses } from '../../../support/no-pauses.ts';
import { describe, expect, test } from 'vitest';
import { isLeftBehind, ownerMemo, ownershipOf } from '../../../../src/temporal/schedules/schedule-owner.ts';
import { Instance } from '../../../../src/domain/instance.ts';

const marked = { daybook: 'news' };
const ofLab = { ...marked, 'daybook-instance': 'lab' };
const ours = { ...ofLab, 'daybook-store': 'store-1' };
const others = { ...ofLab, 'daybook-store': 'store-2' };
const owner = (isKnown: boolean, storeId: string | null = 'store-1') => ({
  instance: new Instance('lab'),
  storeId,
  knows: async () => isKnown,
  pauses: noPauses,
});

describe('the schedule of a source', () => {
  test.each([
    // Memo, memo of the action; whose it is, and whether it is left behind, where the store knows the source; and where not.
    ['without a mark', {}, {}, 'by_hand', false, 'by_hand', false],
    ['with the mark of another source', { daybook: 'olds' }, {}, 'by_hand', false, 'by_hand', false],
    ['of 0.2.0', marked, {}, 'known', true, 'unknown', false],
    ['of 0.2.0, adopted there', {}, marked, 'known', true, 'unknown', false],
    ['of this instance', ofLab, {}, 'own', true, 'own', false],
    ['of this instance and store', ours, ours, 'own', true, 'own', true],
    ['of this instance and another store', others, others, 'known', true, 'unknown', false],
    ['of another store, taken over', others, ours, 'own', true, 'own', true],
    ['of 0.2.0, taken over', marked, ours, 'own', true, 'own', true],
    ['made by hand, taken over', {}, ours, 'own', true, 'own', true],
    ['of another instance', { ...ours, 'daybook-instance': 'daybook' }, {}, 'instance', false, 'instance', false],
    [
      'of this instance, taken over by another',
      ours,
      { 'daybook-instance': 'x' },
      'instance',
      false,
      'instance',
      false,
    ],
  ] as const)('%s', async (_, memo, actionMemo, known, isLeftIfKnown, unknown, isLeftIfNot) => {
    const memos = { memo, action: { memo: actionMemo } };
    expect(await ownershipOf(owner(true), 'news', memos)).toBe(known);
    expect(await isLeftBehind(owner(true), 'news', memos)).toBe(isLeftIfKnown);
    expect(await ownershipOf(owner(false), 'news', memos)).toBe(unknown);
    expect(await isLeftBehind(owner(false), 'news', memos)).toBe(isLeftIfNot);
  });

  test('of this instance is ours if no store is available, and then never an orphan', async () => {
    const memos = { memo: others, action: {} };
    expect(await ownershipOf(owner(false, null), 'news', memos)).toBe('own');
    expect(await isLeftBehind(owner(false, null), 'news', memos)).toBe(false);
  });

  test('says whose it is', () => {
    expect(ownerMemo(owner(false), 'news')).toEqual(ours);
    expect(ownerMemo(owner(false, null), 'news')).toEqual(ofLab);
  });
});
