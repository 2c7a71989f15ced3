import { describe, expect, test } from 'vitest';
import { complaints, daybookYaml, http, parseSource } from './daybook-yaml.ts';

const withFormat = (format: string) =>
  complaints(daybookYaml([http(`occurred_at: { path: at, format: "${format}" }`)]));
const withSchedule = (schedule: string) => complaints(daybookYaml([http(`schedule: { ${schedule} }`)]));

describe('occurred_at.format', () => {
  test.each(['iso8601', 'epoch_s', 'epoch_ms', 'rfc822', 'yyyy-MM-dd HH:mm', "dd.MM.yyyy 'at' HH:mm:ss.SSSxxx"])(
    'may be %s',
    (format) => {
      expect(withFormat(format)).toEqual([]);
    },
  );

  // No record could be read with any of these: date-fns knows no such letters, or refuses them.
  test.each(['', '-', 'nonsense', 'unix', 'epoch', 'rfc3339', 'YYYY-MM-DD', 'YYYY-MM-DD HH:mm'])(
    'is refused where it is %j',
    (format) => {
      expect(withFormat(format).join()).toMatch(/^sources\.0\.occurred_at\.format: .*expected/);
    },
  );
});

describe('a time zone', () => {
  test.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires'])('may be %s', (timezone) => {
    expect(complaints(daybookYaml([http(`occurred_at: { path: at, timezone: ${timezone} }`)]))).toEqual([]);
  });

  test.each(['Mars/Base', 'Berlin', '""', 'local'])('may not be %s', (timezone) => {
    expect(withSchedule(`every: 5m, timezone: ${timezone}`).join()).toMatch(/^sources\.0\.schedule\.timezone: /);
  });
});

describe('schedule.timezone', () => {
  // Temporal reads names letter by letter, and no offsets.
  test.each([
    ['europe/berlin', 'Europe/Berlin'],
    ['utc', 'UTC'],
    // Newer Nodes keep old names.
    ['us/pacific', '(?:America/Los_Angeles|US/Pacific)'],
    ['"+01:00"', 'an IANA time zone'],
  ])('may not be %s, and the complaint names %s', (timezone, expected) => {
    expect(withSchedule(`cron: "@daily", timezone: ${timezone}`).join()).toMatch(
      new RegExp(`^sources\\.0\\.schedule\\.timezone: found .*expected ${expected}`),
    );
  });

  test('may be an old name', () => {
    expect(withSchedule('cron: "@daily", timezone: US/Pacific')).toEqual([]);
  });

  test('may be set beside a zone within cron only if it is the same', () => {
    const cron = 'cron: "TZ=Europe/Berlin 0 9 * * *"';
    expect(withSchedule(`${cron}, timezone: Europe/Berlin`)).toEqual([]);
    expect(withSchedule(`${cron}, timezone: America/New_York`).join()).toMatch(
      /^sources\.0\.schedule: found timezone America\/New_York beside TZ=Europe\/Berlin in cron, expected one of them/,
    );
  });
});

describe('schedule', () => {
  test('takes every or cron, not both and not none', () => {
    expect(withSchedule('every: 5m')).toEqual([]);
    expect(withSchedule('cron: "*/5 * * * *"')).toEqual([]);
    expect(withSchedule('every: 5m, cron: "*/5 * * * *"').join()).toMatch(/^sources\.0\.schedule: .*every and cron/);
    expect(withSchedule('jitter: 5s').join()).toMatch(/^sources\.0\.schedule: .*every.*cron/);
  });

  test.each([
    ['every: 5m, offset: 0s', null],
    ['every: 5m, offset: 4m59s', null],
    ['every: 5m, offset: 5m', 'found offset 5m, expected less than every (5m)'],
    ['every: 5m, offset: 1500ms', 'found offset 1s500ms, expected whole seconds'],
    ['cron: "*/5 * * * *", offset: 1m', 'offset works only with every; put the time into the cron line instead'],
  ])('with %s: %s', (setting, problem) => {
    expect(withSchedule(setting)).toEqual(problem === null ? [] : [`sources.0.schedule: ${problem}`]);
  });

  test.each([
    'every: 0s',
    'every: 500ms',
    'every: 5',
    'every: often',
    'jitter: 5',
    'overlap: queue',
    'catchup_window: 9s',
  ])('refuses %s', (setting) => {
    const text = setting.startsWith('every') ? setting : `every: 5m, ${setting}`;
    expect(withSchedule(text).join()).toContain(`sources.0.schedule.${setting.split(':')[0]}: `);
  });

  test('is absent if nothing sets one', () => {
    expect(parseSource(daybookYaml([http()])).schedule).toBeUndefined();
  });
});

describe('schedule.cron', () => {
  // As Temporal reads them: minute first; of six fields the last is the year; of seven the first is the second.
  test.each([
    '* * * * *',
    '*/5 * * * *',
    '0 9 * * MON-FRI',
    '0 0 1 JAN *',
    '30 9 1 1 * 2027',
    '0 30 9 1 1 * 2027',
    '@hourly',
    '@daily',
    '@weekly',
    '@monthly',
    '@yearly',
    '@every 5m',
    '0 12 * * * # noon',
    'CRON_TZ=Europe/Berlin 0 12 * * *',
    '@every 90s/89s',
  ])('may be %s', (cron) => {
    expect(withSchedule(`cron: "${cron}"`)).toEqual([]);
  });

  test.each([
    '',
    ' ',
    '*',
    '* * * *',
    '61 * * * *',
    '* 24 * * *',
    '* * 32 * *',
    '* * * 13 *',
    '* * * * 8',
    '5m',
    'hourly',
    '* * * * * * * *',
    '@sometimes',
    '@every now',
    '@every',
    'a b c d e',
    'TZ=Mars/Olympus 0 9 * * *',
    'TZ=europe/berlin 0 9 * * *',
    '@every 500ms',
    '@every 90s/90s',
  ])('may not be %j', (cron) => {
    expect(withSchedule(`cron: "${cron}"`).join()).toMatch(/^sources\.0\.schedule\.cron: .*expected/);
  });
});
