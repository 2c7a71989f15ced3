import { describe, expect, test } from 'vitest';
import { healthOf, type HealthFacts } from '../../../../src/domain/monitoring/health.ts';
import { aFailedReceipt, aReceipt } from '../a-receipt.ts';

const finishedAt = '2026-11-01T09:00:00.000Z';
const failure = aFailedReceipt({ type: 'SourceRefused', message: 'answered 403' });
const health = (facts: Partial<HealthFacts>, secondsLater = 0) =>
  healthOf({
    lastReceipt: aReceipt({ finishedAt }),
    paused: null,
    waiting: null,
    everyMs: null,
    missed: null,
    running: null,
    refusing: null,
    failingSince: null,
    startProblem: null,
    storageProblem: null,
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

  test('is failing while each record of its polls is rejected', () => {
    const rejected = aReceipt({ outcome: 'partial', fetched: 5, rejected: 5 });
    const failingSince = '2026-11-01T08:00:00.000Z';
    const verdict = health({ lastReceipt: rejected, failingSince });
    expect(verdict).toMatchObject({ health: 'failing', since: failingSince });
    expect(verdict.reason).toMatch(/all 5 records of quakes.*dead-letters list/);
    // A poll without an answer changes nothing about the one before.
    const silent = aReceipt({ outcome: 'unchanged' });
    expect(health({ lastReceipt: silent, refusing: 'all of it' })).toMatchObject({
      health: 'failing',
      reason: 'all of it',
    });
    expect(health({ lastReceipt: aReceipt({ fetched: 5, rejected: 4, unchanged: 1 }) }).health).toBe('ok');
  });

  test('is deferred while batches wait, and says how many, since when and why', () => {
    const waiting = { batches: 2, since: '2026-11-01T08:00:00.000Z', reason: 'postgres: away' };
    expect(health({ waiting })).toMatchObject({
      health: 'deferred',
      reason: '2 deferred batches since 2026-11-01T08:00:00.000Z: postgres: away',
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
      health: 'late',
      since: finishedAt,
      reason: 'no run has ended for 15m1s',
    });
  });

  test('names what keeps its runs from ending', () => {
    const storageProblem = 'the store (/data) cannot be written: ENOSPC: no space left on device';
    expect(health({ everyMs: 60_000, storageProblem }, 260)).toMatchObject({
      reason: `no run has ended for 4m20s: ${storageProblem}`,
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

  test('is late where its starts are, and says how, before anything but what stops its runs', () => {
    const startProblem = 'its last start was 1m5s late';
    expect(health({ startProblem, everyMs: 60_000 }, 1)).toEqual({
      health: 'late',
      reason: startProblem,
      since: finishedAt,
    });
    expect(health({ startProblem, lastReceipt: failure }).health).toBe('failing');
    expect(health({ startProblem, lastReceipt: null })).toMatchObject({ health: 'never_ran', reason: startProblem });
  });

  describe('with a run that is running', () => {
    const at = (seconds: number) => new Date(Date.parse(finishedAt) + seconds * 1000).toISOString();
    const running = { workflowId: 'scrape-quakes-2026-11-01T09:01:00Z', dueAt: at(60) };

    test('is late once that has taken longer than the interval, counted from when it was due', () => {
      const everyMs = 60_000;
      expect(health({ running, everyMs }, 120).health).toBe('ok');
      expect(health({ running, everyMs }, 121)).toEqual({
        health: 'late',
        since: running.dueAt,
        reason: `the run that was due at ${running.dueAt}, 1m1s ago, has not ended: ${running.workflowId}`,
      });
      const storageProblem = 'the store cannot be written';
      expect(health({ running, everyMs, storageProblem }, 121).reason).toContain(storageProblem);
      expect(health({ running, everyMs, lastReceipt: failure }, 121).health).toBe('failing');
    });

    test('is late where no run has ended yet, too', () => {
      expect(health({ running, everyMs: 10_000, lastReceipt: null }, 90).health).toBe('never_ran');
      expect(health({ running, everyMs: 10_000, lastReceipt: null }, 91).health).toBe('late');
    });

    test('has half a minute where it runs often', () => {
      expect(health({ running, everyMs: 5_000 }, 90).health).toBe('ok');
      expect(health({ running, everyMs: 5_000 }, 91).health).toBe('late');
    });

    test('is late by a cron line where another run was due meanwhile', () => {
      expect(health({ running, missed: 1 }, 3_600).health).toBe('ok');
      expect(health({ running, missed: 2 }, 3_600).health).toBe('late');
    });

    test('is not late where runs overlap and others have ended since', () => {
      const lastReceipt = aReceipt({ finishedAt: at(130) });
      expect(health({ running, everyMs: 30_000, lastReceipt }, 140).health).toBe('ok');
    });

    test('is never late by command only', () => {
      expect(health({ running, everyMs: null }, 1e9).health).toBe('ok');
    });
  });

  test('is never late by command only', () => {
    expect(health({ everyMs: null }, 1e9).health).toBe('ok');
  });
});
