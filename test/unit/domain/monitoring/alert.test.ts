import { describe, expect, test } from 'vitest';
import { alertsOfRun, type RunFacts } from '../../../../src/domain/monitoring/alert.ts';
import type { Receipt } from '../../../../src/domain/run/receipt.ts';
import { aReceipt } from '../a-receipt.ts';

const finishedAt = '2026-11-02T00:00:00.000Z';

/** The alerts that a run opens (with their messages) and resolves (null). */
function verdicts(receipt: Partial<Receipt>, facts: Partial<RunFacts> = {}): Record<string, string | null> {
  const found = alertsOfRun({
    receipt: {
      ...aReceipt(),
      finishedAt,
      ...receipt,
    },
    maxRejectRatio: 0.5,
    allowEmpty: false,
    expect: {
      minRecords: null,
      maxStalenessMs: null,
    },
    lastNewAt: null,
    duplicates: null,
    deferredBecause: new Map(),
    ...facts,
  });
  return Object.fromEntries(found.map(({ name, message }) => [name, message]));
}

const failed = (type: string, counts: Partial<Receipt> = {}) =>
  alertsOfRun({
    receipt: {
      ...aReceipt(),
      ...counts,
      outcome: 'failed',
      error: {
        type,
        message: 'why',
      },
    },
    maxRejectRatio: 0.5,
    allowEmpty: false,
    expect: {
      minRecords: null,
      maxStalenessMs: null,
    },
    lastNewAt: null,
    duplicates: null,
    deferredBecause: new Map(),
  });

describe('alertsOfRun', () => {
  test('of a good run resolves what runs open', () => {
    expect(verdicts({ outcome: 'ok', fetched: 10 })).toEqual({
      run_failed: null,
      login_needed: null,
      reject_ratio: null,
      all_rejected: null,
      empty: null,
    });
  });

  test('of a failed run opens run_failed alone', () => {
    expect(failed('SourceRefused')).toEqual([{ name: 'run_failed', message: 'SourceRefused: why' }]);
    expect(failed('LoginNeeded')).toEqual([
      { name: 'login_needed', message: 'why' },
      { name: 'run_failed', message: 'LoginNeeded: why' },
    ]);
  });

  test('of a run that rejected too much opens reject_ratio', () => {
    const [verdict] = failed('TooManyRejects', { fetched: 40, rejected: 30 });
    expect(verdict).toMatchObject({ name: 'reject_ratio' });
    expect(verdict?.message).toContain('30 of 40 records');
  });

  test('of a poll counts good records for min_records', () => {
    const expected = { expect: { minRecords: 5, maxStalenessMs: null } };
    const poll = { outcome: 'partial', fetched: 8 } as const;
    expect(verdicts({ ...poll, rejected: 4, accepted: 4 }, expected)['min_records']).toMatch(/had 4 records besides 4/);
    expect(verdicts({ ...poll, rejected: 3, unchanged: 5 }, expected)['min_records']).toBeNull();
  });

  test('of a poll of which each record was rejected opens all_rejected, however few they are', () => {
    expect(verdicts({ outcome: 'partial', fetched: 5, rejected: 5 })['all_rejected']).toContain('all 5 records');
    const refused = { written: 0, duplicate: 0, refused: 1, expired: 0, deferred: 0 };
    const bySink = { outcome: 'partial', fetched: 2, accepted: 1, rejected: 1, postgres: refused } as const;
    expect(verdicts(bySink)['all_rejected']).toContain('all 2 records');
    expect(failed('TooManyRejects', { fetched: 40, rejected: 40 })).toMatchObject([
      { name: 'reject_ratio' },
      { name: 'all_rejected' },
    ]);
    for (const good of [{ accepted: 1 }, { unchanged: 1 }]) {
      expect(verdicts({ outcome: 'partial', fetched: 5, rejected: 4, ...good })['all_rejected']).toBeNull();
    }
    expect(verdicts({ outcome: 'unchanged', fetched: 0 })).not.toHaveProperty('all_rejected');
  });

  test('of records with an id in common opens duplicate_id over 10 % of a page; new records resolve it', () => {
    const share = (duplicates: number, records: number) => ({ duplicates: { duplicates, records } });
    const poll = { fetched: 40, accepted: 0, unchanged: 40 };
    expect(verdicts(poll, share(9, 12))['duplicate_id']).toMatch(/^9 of 12 records of a page/);
    expect(verdicts(poll, share(2, 20))['duplicate_id']).toBeNull();
    expect(verdicts(poll)).not.toHaveProperty('duplicate_id');
    expect(verdicts({ ...poll, accepted: 1 })['duplicate_id']).toBeNull();
  });

  test('of a cancelled run says nothing', () => {
    expect(failed('Cancelled')).toEqual([]);
  });

  test('of an empty poll opens empty, unless that is allowed', () => {
    expect(verdicts({ outcome: 'empty', fetched: 0 })['empty']).toContain('allow_empty');
    expect(verdicts({ outcome: 'empty', fetched: 0 }, { allowEmpty: true })['empty']).toBeNull();
  });

  test('of a poll that was postponed says nothing of records', () => {
    expect(verdicts({ outcome: 'rate_limited', fetched: 0 })).toEqual({ run_failed: null, login_needed: null });
  });

  test.each([
    ['fewer records than expected', 'ok', 4, expect.stringMatching(/had 4 records, expect.min_records is 5/)],
    ['as many as expected', 'ok', 5, null],
    ['none at all', 'empty', 0, expect.stringMatching(/had 0 records/)],
    ['nothing new', 'unchanged', 0, undefined],
  ] as const)('of a poll with %s judges min_records', (_, outcome, fetched, expected) => {
    const { min_records: message } = verdicts(
      { outcome, fetched },
      { expect: { minRecords: 5, maxStalenessMs: null }, allowEmpty: true },
    );
    expect(message).toEqual(expected);
  });

  test('of a source that was silent for long opens staleness, and resolves it when it speaks', () => {
    const stale = (lastNewAt: string) =>
      verdicts({ outcome: 'unchanged' }, { expect: { minRecords: null, maxStalenessMs: 3_600_000 }, lastNewAt });
    expect(stale('2026-11-01T22:59:59.000Z')['staleness']).toMatch(/since 2026-11-01T22:59:59.000Z.*3600 s/);
    expect(stale('2026-11-01T23:00:00.000Z')['staleness']).toBeNull();
  });

  test('of a run whose batches wait for a sink opens an alert of that sink, which no run resolves', () => {
    const deferredBecause = new Map([['postgres', 'SinkUnavailable: away']] as const);
    const postgres = { written: 0, duplicate: 0, refused: 0, expired: 0, deferred: 7 };
    expect(verdicts({ outcome: 'deferred', postgres }, { deferredBecause })['deferred_postgres']).toMatch(
      /^7 records of \w+ are deferred for postgres: SinkUnavailable: away$/,
    );
    expect(verdicts({ outcome: 'ok' })).not.toHaveProperty('deferred_postgres');
  });
});
