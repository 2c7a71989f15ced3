import { describe, expect, test } from 'vitest';
import { healthOf, type HealthFacts } from '../../../src/domain/health.ts';
import { aFailedReceipt, aReceipt } from './a-receipt.ts';

const finishedAt = '2026-11-01T09:00:00.000Z';
const failure = aFailedReceipt({ type: 'SourceRefused', message: 'answered 403' });
const health = (facts: Partial<HealthFacts>, secondsLater = 0) =>
  healthOf({
    lastReceipt: aReceipt({ finishedAt }),
    paused: null,
    waiting: null,
    everyMs: null,
    missed: null,
    failingSince: null,
    now: new Date(Date.parse(finishedAt) + secondsLater * 1000),
    ...facts,
  });

describe('healthOf', () => {
  test('is ok after a run that ended well', () => {
    expect(health({ everyMs: 60_000 }, 60)).toEqual({ health: 'ok', reason: null, since: finishedAt });
    for (const outcome of ['partial', 'unchanged', 'empty', 'rate_limited'] as const) {
      expect(health({ lastReceipt: aReceipt({ outcome }) }).health).toBe('ok');
    }
  });

  test('is never_ran without a receipt', () => {
    expect(health({ lastReceipt: null })).toEqual({ health: 'never_ran', reason: null, since: null });
  });

  test('is failing after a run that failed, and says why', () => {
    const verdict = health({ lastReceipt: failure });
    expect(verdict).toMatchObject({ health: 'failing', since: finishedAt });
    expect(verdict.reason).toMatch(/SourceRefused.*answered 403/);
    const failingSince = '2026-11-01T08:00:00.000Z';
    expect(health({ lastReceipt: failure, failingSince })).toMatchObject({ since: failingSince });
  });

  test('is deferred while batches wait, and says how many, since when and why', () => {
    const waiting = { batches: 2, since: '2026-11-01T08:00:00.000Z', reason: 'postgres: away' };
    expect(health({ waiting })).toMatchObject({
      ...{ health: 'deferred', reason: '2 batches wait since 2026-11-01T08:00:00.000Z: postgres: away' },
      since: waiting.since,
    });
    // Also where only a backfill has run.
    expect(health({ waiting, lastReceipt: null }).health).toBe('deferred');
    expect(health({ lastReceipt: aReceipt({ outcome: 'deferred' }) }).health).toBe('ok');
  });
  test('is paused before anything else, with the reason given', () => {
    const paused = { reason: 'maintenance' };
    for (const lastReceipt of [null, failure, aReceipt()]) {
      expect(health({ paused, lastReceipt })).toMatchObject({ health: 'paused', reason: 'maintenance' });
    }
  });

  test('is late where no run has ended for three intervals', () => {
    const everyMs = 300_000;
    expect(health({ everyMs }, 900).health).toBe('ok');
    expect(health({ everyMs }, 901)).toMatchObject({
      ...{ health: 'late', since: finishedAt, reason: 'no run has ended for 15m1s' },
    });
  });

  test('gives a source that runs often two minutes', () => {
    expect(health({ everyMs: 1_000 }, 120).health).toBe('ok');
    expect(health({ everyMs: 1_000 }, 121).health).toBe('late');
  });

  test('is late where a schedule that tells its times was due three times', () => {
    expect(health({ missed: 2 }, 1e6).health).toBe('ok');
    expect(health({ missed: 3 }, 121).health).toBe('late');
    expect(health({ missed: 3 }, 120).health).toBe('ok');
  });

  test('is never late by command only', () => {
    expect(health({ everyMs: null }, 1e9).health).toBe('ok');
  });
});
