import { describe, expect, test } from 'vitest';
import {
  afterRun,
  isUnchangedPoll,
  mergeRuns,
  unchangedSince,
  type LastRun,
} from '../../../../src/domain/run/last-run.ts';
import { emptyTally, type FailedReceipt, type Receipt } from '../../../../src/domain/run/receipt.ts';
import { initialState, type SourceState } from '../../../../src/domain/state/source-state.ts';

const at = (minute: number) => `2026-11-23T10:${String(minute).padStart(2, '0')}:00.000Z`;
const fresh = initialState({ fetchFingerprint: 'f', shapeFingerprint: 's', databaseId: null });

function receipt(minute: number, changes: Partial<Receipt> = {}): Receipt {
  const run = { workflowId: `w-${minute}`, runId: `r-${minute}`, startedAt: at(minute), finishedAt: at(minute) };
  return { ...emptyTally, source: 'news', outcome: 'unchanged', ...run, resume: { watermark: null }, ...changes };
}

const ok = (minute: number) => receipt(minute, { outcome: 'ok', fetched: 1, accepted: 1, batches: 1 });
const failed = (minute: number): FailedReceipt => ({
  ...receipt(minute),
  outcome: 'failed',
  error: { type: 'HttpError', message: 'any' },
});

/** What a worker knows after runs. */
function after(...runs: readonly (readonly [Receipt | FailedReceipt, Partial<SourceState>?])[]): LastRun {
  let known: LastRun | null = null;
  for (const [run, state = {}] of runs) known = afterRun(known, { receipt: run, state: { ...fresh, ...state } });
  if (known === null) throw new Error('no run');
  return known;
}

test.each<[string, Partial<Receipt>, boolean]>([
  ['one whose records are as before', { fetched: 3, unchanged: 3 }, true],
  ['one that was answered "not modified"', {}, true],
  ['one that stored what PostgreSQL had', { fetched: 1, accepted: 1, batches: 1 }, false],
  ['one with a warning', { warnings: [{ code: 'any', message: 'any', count: 1 } as never] }, false],
  ['a window of a backfill', { window: { from: at(0), to: at(1) } }, false],
  ['one without records', { outcome: 'empty' }, false],
])('whether a poll leaves no receipt: %s', (_, changes, expected) => {
  expect(isUnchangedPoll(receipt(1, changes))).toBe(expected);
});

describe('afterRun', () => {
  test('counts unchanged polls since the last receipt', () => {
    const known = after([ok(0)], [receipt(1)], [receipt(2)]);
    expect(known).toMatchObject({ storedAt: at(0), succeededAt: at(2), unchanged: { count: 2, since: at(1) } });
    expect(known.receipt).toEqual(receipt(2));
  });

  test('a run that leaves a receipt starts the count again', () => {
    expect(after([receipt(1)], [ok(2)])).toMatchObject({ storedAt: at(2), unchanged: null });
  });

  test('a run that failed does not change when one last succeeded', () => {
    expect(after([ok(0)], [failed(1)])).toMatchObject({ receipt: failed(1), succeededAt: at(0), storedAt: at(1) });
  });

  test('a run that is noted twice counts once', () => {
    expect(after([ok(0)], [receipt(1)], [receipt(1)]).unchanged).toEqual({ count: 1, since: at(1) });
  });

  test('a receipt that another worker stored, as the state says, starts the count again', () => {
    const known = after(
      [receipt(1)],
      [receipt(2)],
      [receipt(4), { receiptAt: at(3) }],
      [receipt(5), { receiptAt: at(3) }],
    );
    expect(known).toMatchObject({ storedAt: at(3), unchanged: { count: 2, since: at(4) } });
  });

  test('keeps what readers need of the state', () => {
    const failures = { count: 2, until: null, reason: 'any' };
    const { state } = after([failed(1), { epoch: 3, watermark: 'w', lastNewAt: at(0), failures }]);
    expect(state).toEqual({ epoch: 3, watermark: 'w', lastNewAt: at(0), failures: 2 });
  });
});

describe('mergeRuns', () => {
  test('the latest run counts, in any order', () => {
    const [a, b] = [after([ok(0)], [failed(2)]), after([ok(1)])];
    expect(mergeRuns(a, b)).toEqual(mergeRuns(b, a));
    expect(mergeRuns(a, b)).toMatchObject({ receipt: failed(2), succeededAt: at(1), storedAt: at(2) });
  });

  test('adds the unchanged polls of both since the last receipt of any', () => {
    const a = after([ok(0)], [receipt(1)], [receipt(3)]);
    const b = after([receipt(2)], [receipt(4)]);
    expect(mergeRuns(a, b).unchanged).toEqual({ count: 4, since: at(1) });
    expect(mergeRuns(a, after([ok(5)])).unchanged).toBeNull();
  });
});

test('unchanged polls after a receipt that their worker does not know are estimated by time', () => {
  const known = after(...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((minute) => [receipt(minute)] as const));
  expect(unchangedSince(known, at(6))).toEqual({ count: 3, since: at(6) });
  expect(unchangedSince(known, '2026-11-23T10:08:59.000Z')?.count).toBe(1);
  expect(unchangedSince(known, at(9))).toBeNull();
  expect(unchangedSince(known, null)?.count).toBe(10);
});
