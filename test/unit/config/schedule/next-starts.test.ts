import { describe, expect, test } from 'vitest';
import { formatStart, nextStarts, zoneOf } from '../../../../src/config/schedule/next-starts.ts';
import { sixFieldWarnings } from '../../../../src/config/schedule/schedule-warning.ts';
import type { ScheduleConfig } from '../../../../src/config/schema/value-schemas.ts';
import { daybookYaml, http, parseSource } from '../daybook-yaml.ts';

const now = new Date('2026-11-29T14:03:20Z');
const scheduleOf = (yaml: string) => parseSource(daybookYaml([http(`schedule: ${yaml}`)])).schedule as ScheduleConfig;

describe('the next starts', () => {
  test.each([
    ['{ every: 5m, offset: 10s }', '2026-11-29T14:05:10Z 2026-11-29T14:10:10Z 2026-11-29T14:15:10Z'],
    ["{ cron: '*/20 * * * *' }", '2026-11-29T14:20:00Z 2026-11-29T14:40:00Z 2026-11-29T15:00:00Z'],
    ["{ cron: '30 9 * * 1-5' }", '2026-11-30T09:30:00Z 2026-12-01T09:30:00Z 2026-12-02T09:30:00Z'],
    ["{ cron: '0 0 29 2 *' }", '2028-02-29T00:00:00Z 2032-02-29T00:00:00Z'],
    ["{ cron: '0 12 1 1 * 2027' }", '2027-01-01T12:00:00Z'],
    ["{ cron: '*/30 * 14 * * * *' }", '2026-11-29T14:03:30Z 2026-11-29T14:04:00Z 2026-11-29T14:04:30Z'],
    ["{ cron: '@every 1h/5m' }", '2026-11-29T14:05:00Z 2026-11-29T15:05:00Z 2026-11-29T16:05:00Z'],
    ["{ cron: '@weekly' }", '2026-12-06T00:00:00Z 2026-12-13T00:00:00Z 2026-12-20T00:00:00Z'],
    [
      "{ cron: '0 9 * * *', timezone: Europe/Vienna }",
      '2026-11-30T09:00:00+01:00 2026-12-01T09:00:00+01:00 2026-12-02T09:00:00+01:00',
    ],
    [
      "{ cron: 'TZ=America/New_York 0 9 * * *' }",
      '2026-11-30T09:00:00-05:00 2026-12-01T09:00:00-05:00 2026-12-02T09:00:00-05:00',
    ],
  ])('of %s', (yaml, expected) => {
    const schedule = scheduleOf(yaml);
    const starts = nextStarts('quakes', schedule, now, 3);
    expect(starts.map((start) => formatStart(start, zoneOf(schedule))).join(' ')).toBe(expected);
  });

  test('skip a time that does not exist because of a clock change', () => {
    const schedule = scheduleOf("{ cron: '30 2 * * *', timezone: Europe/Vienna }");
    const starts = nextStarts('quakes', schedule, new Date('2027-03-27T12:00:00Z'), 1);
    expect(starts.map((start) => formatStart(start, 'Europe/Vienna'))).toEqual(['2027-03-29T02:30:00+02:00']);
  });
});

describe('a cron line of six fields', () => {
  const warnings = (cron: string) =>
    sixFieldWarnings('quakes', scheduleOf(`{ cron: '${cron}' }`), now).map(({ message }) => message);

  test('gets a warning with both meanings and their next starts', () => {
    expect(warnings('0 */5 * * * *')).toEqual([
      'schedule.cron "0 */5 * * * *" has six fields: the last is read as the year, so the next start is 2026-11-29T15:00:00Z; if the first should be the second of a minute, write cron: "*/5 * * * *", whose next start is 2026-11-29T14:05:00Z',
    ]);
    expect(warnings('*/10 * * * * *').join()).toContain(
      'write cron: "*/10 * * * * * *", whose next start is 2026-11-29T14:03:30Z',
    );
  });

  test('gets no warning if its last field is a year, nor do lines of five and seven fields', () => {
    for (const cron of ['0 12 1 1 * 2027', '0 12 * * * 2026-2030', '0 12 * * *', '0 0 12 * * * *']) {
      expect(warnings(cron)).toEqual([]);
    }
  });
});
