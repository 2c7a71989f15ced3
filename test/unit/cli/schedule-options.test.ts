import { ScheduleOverlapPolicy } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { newScheduleOptions, scheduleOptions } from '../../../src/cli/schedules/schedule-options.ts';
import { daybookYaml, http, parseSource } from '../config/daybook-yaml.ts';

/** The Temporal schedule of a source with this `schedule:`. */
function optionsOf(schedule: string, make: typeof scheduleOptions = scheduleOptions) {
  const source = parseSource(daybookYaml([http(`schedule: { ${schedule} }`)]));
  if (!source.schedule) throw new Error('expected a schedule');
  return make(source, source.schedule);
}

describe('scheduleOptions', () => {
  test('starts scrapeRun with the name of the source', () => {
    expect(optionsOf('every: 5m').action).toEqual({
      type: 'startWorkflow',
      workflowType: 'scrapeRun',
      workflowId: 'scrape-quakes',
      taskQueue: 'daybook',
      args: [{ source: 'quakes' }],
      memo: { daybook: 'quakes' },
    });
  });

  test('turns every, cron, jitter and timezone into the times it starts at', () => {
    expect(optionsOf('every: 1h30m').spec).toEqual({ intervals: [{ every: 5_400_000 }] });
    expect(optionsOf('every: 5m, jitter: 10s').spec).toEqual({ intervals: [{ every: 300_000 }], jitter: 10_000 });
    expect(optionsOf('cron: "0 9 * * MON-FRI", timezone: Europe/Berlin').spec).toEqual({
      cronExpressions: ['0 9 * * MON-FRI'],
      timezone: 'Europe/Berlin',
    });
  });

  test('skips while a run is open, catches up ten minutes, and goes on after a failure unless told otherwise', () => {
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
  test('marks the schedule as made by Daybook and runs it once right away', () => {
    expect(optionsOf('every: 5m', newScheduleOptions)).toMatchObject({
      ...optionsOf('every: 5m'),
      scheduleId: 'scrape-quakes',
      memo: { daybook: 'quakes' },
      state: { triggerImmediately: true },
    });
  });
});
