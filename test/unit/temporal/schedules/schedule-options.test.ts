import { noPauses } from '../../../support/no-pauses.ts';
import { ScheduleOverlapPolicy } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { Instance } from '../../../../src/domain/instance.ts';
import { firstStart } from '../../../../src/temporal/schedules/first-start.ts';
import type { ScheduleOwner } from '../../../../src/temporal/schedules/schedule-owner.ts';
import { sourceAttributeKey } from '../../../../src/domain/names.ts';
import { newScheduleOptions, scheduleOptions } from '../../../../src/temporal/schedules/schedule-options.ts';
import { daybookYaml, http, parseSource } from '../../config/daybook-yaml.ts';

const unknownStore = { storeId: null, knows: async () => false, pauses: noPauses };
const owner = { instance: new Instance(), ...unknownStore };

/** The Temporal schedule of a source with this `schedule:`. */
function optionsOf(schedule: string, make: typeof scheduleOptions = scheduleOptions, whose: ScheduleOwner = owner) {
  const source = parseSource(daybookYaml([http(`schedule: { ${schedule} }`)]));
  if (!source.schedule) throw new Error('expected a schedule');
  return make(source, source.schedule, whose, true);
}

describe('scheduleOptions', () => {
  test('starts scrapeRun with the name of the source', () => {
    expect(optionsOf('every: 5m').action).toEqual({
      type: 'startWorkflow',
      workflowType: 'scrapeRun',
      workflowId: 'scrape-quakes',
      taskQueue: 'daybook',
      args: [{ source: 'quakes' }],
      typedSearchAttributes: [{ key: sourceAttributeKey, value: 'quakes' }],
      memo: { daybook: 'quakes', 'daybook-instance': 'daybook' },
    });
  });

  test('sets no search attribute that the server does not know: no run would start', () => {
    const { action } = optionsOf('every: 5m', (source, schedule, whose) =>
      scheduleOptions(source, schedule, whose, false),
    );
    expect(action).not.toHaveProperty('typedSearchAttributes');
  });

  test('of another instance have its prefix, its queue, its memo and its store', () => {
    const lab = { ...unknownStore, instance: new Instance('lab'), storeId: 'store-1' };
    expect(optionsOf('every: 5m', scheduleOptions, lab).action).toMatchObject({
      workflowId: 'lab.scrape-quakes',
      taskQueue: 'daybook-lab',
      args: [{ source: 'quakes' }],
      memo: {
        daybook: 'quakes',
        'daybook-instance': 'lab',
        'daybook-store': 'store-1',
      },
    });
  });

  test('turns every, cron, jitter and timezone into the times it starts at', () => {
    expect(optionsOf('every: 1h30m, offset: 0s').spec).toEqual({ intervals: [{ every: 5_400_000, offset: 0 }] });
    expect(optionsOf('every: 5m, offset: 2m, jitter: 10s').spec).toEqual({
      intervals: [{ every: 300_000, offset: 120_000 }],
      jitter: 10_000,
    });
    expect(optionsOf('cron: "0 9 * * MON-FRI", timezone: Europe/Berlin').spec).toEqual({
      cronExpressions: ['0 9 * * MON-FRI'],
      timezone: 'Europe/Berlin',
    });
  });

  test('lets each source start at its own time within the interval, or within the first hour of a longer one', () => {
    expect(optionsOf('every: 1m').spec?.intervals).toEqual([{ every: 60_000, offset: 57_000 }]);
    expect(optionsOf('every: 5m, jitter: 10s').spec).toEqual({
      intervals: [{ every: 300_000, offset: 289_000 }],
      jitter: 10_000,
    });
    expect(optionsOf('every: 1d').spec?.intervals).toEqual([{ every: 86_400_000, offset: 3_479_000 }]);
  });

  test.each([
    ['every: 1s', undefined],
    ['every: 3s', 1_000],
    ['every: 1m', 30_000],
    ['every: 1d', 30_000],
    ['every: 1m, jitter: 0s', undefined],
    ['every: 1m, jitter: 45s', 45_000],
    ['every: 1h, offset: 5m', undefined],
    ['cron: "*/5 * * * *"', undefined],
  ])('delays starts at random where the time is not named (%s: up to %s ms)', (schedule, jitter) => {
    expect(optionsOf(schedule).spec?.jitter).toBe(jitter);
  });

  test('leaves a cron line as it is written', () => {
    expect(optionsOf('cron: "*/5 * * * *", jitter: 10s').spec).toEqual({
      cronExpressions: ['*/5 * * * *'],
      jitter: 10_000,
    });
  });

  test('skips while a run is open, catches up ten minutes, and by default continues after a failure', () => {
    expect(optionsOf('every: 5m').policies).toEqual({
      overlap: ScheduleOverlapPolicy.SKIP,
      catchupWindow: 600_000,
      pauseOnFailure: false,
    });
  });

  test('takes over catchup_window and pause_on_failure', () => {
    expect(optionsOf('every: 5m, catchup_window: 1h, pause_on_failure: true').policies).toMatchObject({
      catchupWindow: 3_600_000,
      pauseOnFailure: true,
    });
  });

  test.each([
    ['skip', 'SKIP'],
    ['buffer_one', 'BUFFER_ONE'],
    ['buffer_all', 'BUFFER_ALL'],
    ['cancel_other', 'CANCEL_OTHER'],
    ['terminate_other', 'TERMINATE_OTHER'],
    ['allow_all', 'ALLOW_ALL'],
  ] as const)('takes over overlap: %s', (overlap, policy) => {
    expect(optionsOf(`every: 5m, overlap: ${overlap}`).policies?.overlap).toBe(ScheduleOverlapPolicy[policy]);
  });

  test('manages nothing else: state and memo are the operator’s', () => {
    expect(Object.keys(optionsOf('every: 5m')).sort()).toEqual(['action', 'policies', 'spec']);
  });
});

describe('newScheduleOptions', () => {
  test.each([true, false])('marks the schedule as made by Daybook, run right away: %s', (isNow) => {
    expect(
      optionsOf('every: 5m', (source, schedule, whose) =>
        newScheduleOptions(source, schedule, whose, { hasAttribute: true, isNow }),
      ),
    ).toMatchObject({
      ...optionsOf('every: 5m'),
      scheduleId: 'scrape-quakes',
      memo: { daybook: 'quakes', 'daybook-instance': 'daybook' },
      state: { triggerImmediately: isNow },
    });
  });
});

describe('the first start of a new schedule', () => {
  const now = { afterMs: 0, isNow: true };
  const slot = { afterMs: 0, isNow: false };
  test.each([
    ['every: 5m, offset: 1m', '12:00:30', now],
    ['every: 5m, offset: 1m', '12:00:52', slot],
    // The server might miss this slot: the schedule is made after it, and runs right away.
    ['every: 5m, offset: 1m', '12:00:58.5', { afterMs: 1_500, isNow: true }],
    ['every: 5m, offset: 1m', '12:01:00', now],
    ['every: 10s, offset: 4s', '12:00:05', slot],
    ['every: 10s, offset: 4s', '12:00:13.9', slot],
    ['every: 1s', '12:00:00.5', slot],
    ['every: 1d, offset: 0s', '23:59:55', slot],
    ['every: 5m, offset: 1m, jitter: 3s', '12:00:52', slot],
    // Its slot may be half a minute away anyway.
    ['every: 5m, offset: 1m, jitter: 30s', '12:00:52', now],
    ['cron: "*/5 * * * *"', '12:04:52', slot],
    ['cron: "7 * * * *"', '12:06:59', { afterMs: 1_000, isNow: true }],
    ['cron: "0 9 * * MON-FRI", timezone: Europe/Berlin', '12:00:30', now],
  ])('with %s at %s', (schedule, time, expected) => {
    expect(firstOf(schedule, new Date(`2026-11-01T${time}Z`))).toEqual(expected);
  });
});

function firstOf(schedule: string, at: Date) {
  const source = parseSource(daybookYaml([http(`schedule: { ${schedule} }`)]));
  if (!source.schedule) throw new Error('expected a schedule');
  return firstStart(source, source.schedule, at);
}
