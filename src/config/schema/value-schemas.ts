import { format as formatDate } from 'date-fns/format';
import { isValid } from 'date-fns/isValid';
import { parse as parseDate } from 'date-fns/parse';
import * as z from 'zod';
import { dateOrders, namedTimeFormats } from '../../domain/plan/plan-parts.ts';
import { formatDuration } from '../../domain/time/duration.ts';
import { compileExpression } from '../../formats/jmespath/jmespath.ts';
import { isCharset } from '../../formats/charset-name.ts';
import { parseIso8601 } from '../../domain/time/timestamp.ts';
import { cronHint, cronProblem, splitCron } from '../schedule/cron.ts';
import { conditionHint } from '../hints/condition-hint.ts';
import { translatedFormat } from '../hints/date-pattern-hint.ts';
import { pathHint } from '../hints/path-hint.ts';
import { expectedZone, isTimezone, scheduleZoneProblem } from './time-zone.ts';
import { duration } from './units.ts';

/** A JMESPath expression, checked by compiling it. */
export const expression = z
  .string()
  .check((context) => {
    try {
      compileExpression(context.value);
      // A variable that nothing sets has no value in any record.
      if (/^\$\w/.test(context.value)) throw new Error('$ begins a variable, and there is none');
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      context.issues.push({
        code: 'custom',
        input: context.value,
        message: `found "${context.value}", expected a JMESPath expression (${why})${conditionHint(context.value) ?? pathHint(context.value)}`,
      });
    }
  })
  .meta({ title: 'JMESPath' });

/** A regular expression, checked by compiling it. */
export const pattern = z
  .string()
  .check((context) => {
    const why = patternProblem(context.value);
    if (why === null) return;
    const message = `found "${context.value}", expected a regular expression (${why})`;
    context.issues.push({ code: 'custom', input: context.value, message });
  })
  .meta({ title: 'regular expression' });

/** The name of a charset, as browsers and iconv know it. */
export const encoding = z
  .string()
  .refine(isCharset, {
    error: (issue) => `found "${String(issue.input)}", expected a charset such as utf-8 or windows-1252`,
  })
  .meta({ title: 'charset' });

const timezone = z
  .string()
  .refine(isTimezone, {
    error: (issue) => `found "${String(issue.input)}", ${expectedZone(String(issue.input))}`,
  })
  .meta({ title: 'time zone' });

export const isoTime = z
  .string()
  .refine((text) => parseIso8601(text).ok, {
    error: (issue) => `found "${String(issue.input)}", expected an ISO 8601 time such as 2026-01-01T00:00:00Z`,
  })
  .meta({ title: 'ISO 8601 time' });

/** iso8601, epoch_s, epoch_ms, rfc822 or a date-fns pattern, tried on a time. */
export const timeFormat = z
  .string()
  .check((context) => {
    const text = context.value;
    if ((namedTimeFormats as readonly string[]).includes(text) || isPattern(text)) return;
    context.issues.push({
      code: 'custom',
      input: text,
      message: `found "${text}", ${expectedFormat(text)}`,
    });
  })
  .meta({ title: 'time format' });

function expectedFormat(text: string): string {
  const translated = translatedFormat(
    text,
    (format) => (namedTimeFormats as readonly string[]).includes(format) || isPattern(format),
  );
  if (translated !== null) return `expected format: ${translated.includes("'") ? `"${translated}"` : translated}`;
  return `expected ${namedTimeFormats.join(', ')} or a date-fns pattern such as yyyy-MM-dd HH:mm`;
}

/** Tokens that date-fns refuses, with its own warning on the console, and tokens of strftime. */
const foreignTokens = /%[A-Za-z]|(?<!D)DD?(?!D)|(?<!Y)(?:YY|YYYY)(?!Y)/;

/** Whether a pattern can read what it wrote, and contains at least part of the date. */
function isPattern(text: string): boolean {
  if (foreignTokens.test(text.replaceAll(/'(?:[^']|'')*'/g, ''))) return false;
  const sample = new Date(2026, 10, 5, 9, 30, 15);
  try {
    const read = parseDate(formatDate(sample, text), text, new Date(2001, 1, 2));
    return isValid(read) && read.getTime() !== new Date(2001, 1, 2).getTime();
  } catch {
    return false;
  }
}

export const dateOrder = z.enum(dateOrders);

/** In the file also a bare path (see `inherit`). */
export const occurredAt = z.strictObject(
  {
    path: expression.optional().describe("Path of the record's time. Required unless `on_missing: fetched_at`."),
    format: timeFormat
      .default('iso8601')
      .describe('`iso8601`, `epoch_s`, `epoch_ms`, `rfc822`, or a pattern of date-fns such as `dd.MM.yyyy HH:mm`.'),
    timezone: timezone.default('UTC').describe('Zone for times without one, such as `Europe/Vienna`.'),
    date_order: dateOrder
      .optional()
      .describe(
        'Order of numeric dates (`05/12/2024`) in feeds and fields of type `date`. Default: detected from dates with a part over 12.',
      ),
    on_missing: z
      .enum(['reject', 'fetched_at'])
      .default('reject')
      .describe('Whether a record without a time is a dead letter or gets the time of the fetch.'),
  },
  {
    error: (issue) =>
      issue.code === 'invalid_type'
        ? `${issue.input === undefined ? 'is required: ' : ''}expected a path, such as occurred_at: updated_at, or an object with path and format`
        : undefined,
  },
);

/** Every source except a feed must say where the time is, or that the time of the fetch will do. */
export const requiredOccurredAt = occurredAt.refine(
  (time) => time.path !== undefined || time.on_missing === 'fetched_at',
  {
    error: 'missing path; set it, or on_missing: fetched_at',
  },
);

export const retry = z.strictObject({
  max_attempts: z
    .int()
    .min(1)
    .max(1000)
    .default(8)
    .describe('Maximum number of attempts of one fetch, including the first.'),
  initial_interval: duration(1).prefault('1s').describe('Delay before the second attempt.'),
  backoff_coefficient: z
    .number()
    .min(1)
    .max(100)
    .default(2)
    .describe('Each delay is the previous one times this number.'),
  max_interval: duration(1).prefault('1m').describe('Maximum delay between attempts.'),
});

const cronExpression = z
  .string()
  .check((context) => {
    const problem = cronProblem(context.value);
    if (problem === null) return;
    context.issues.push({
      code: 'custom',
      input: context.value,
      message: `found "${context.value}", ${cronHint(context.value) ?? 'expected a cron expression such as "*/5 * * * *"'} (${problem})`,
    });
  })
  .meta({ title: 'cron expression' });

const scheduleTimezone = z
  .string()
  .check((context) => {
    const problem = scheduleZoneProblem(context.value);
    if (problem === null) return;
    context.issues.push({ code: 'custom', input: context.value, message: `found "${context.value}", ${problem}` });
  })
  .meta({ title: 'time zone' });

export const schedule = z
  .strictObject({
    every: duration(1_000).optional().describe('Interval, from `1s` on. Either this or `cron`.'),
    cron: cronExpression.optional().describe('Such as `*/5 * * * *`. Either this or `every`.'),
    offset: duration()
      .optional()
      .describe(
        'Offset of the starts within the interval, in whole seconds. Default: derived from the source name, within `every`, or within its first hour if it is longer.',
      ),
    jitter: duration()
      .optional()
      .describe(
        'Random delay of each start, up to this. Default: half of `every`, at most 30 s; none with `cron` or `offset`.',
      ),
    timezone: scheduleTimezone.optional().describe('Time zone of `cron`. Default: UTC.'),
    overlap: z
      .enum(['skip', 'buffer_one', 'buffer_all', 'cancel_other', 'terminate_other', 'allow_all'])
      .default('skip')
      .describe('What happens to a start while the previous run is still active: an overlap policy of Temporal.'),
    catchup_window: duration(10_000)
      .prefault('10m')
      .describe('After an outage of Temporal, missed starts up to this age are run late.'),
    pause_on_failure: z.boolean().default(false).describe('Whether a failed run pauses the schedule.'),
    probe: z
      .boolean()
      .default(false)
      .describe(
        'Whether sources of the same interval are asked together for changes; a run starts only where something changed. For `http_json` and `rss` with one address.',
      ),
  })
  .check((context) => {
    const { every, cron, timezone: zone } = context.value;
    const ofCron = cron === undefined ? null : splitCron(cron).timezone;
    if (zone !== undefined && ofCron !== null && zone !== ofCron) {
      context.issues.push({
        code: 'custom',
        input: context.value,
        message: `found timezone ${zone} beside TZ=${ofCron} in cron, expected one of them (timezone: null removes that of defaults)`,
      });
    } else if (every !== undefined && cron !== undefined) {
      context.issues.push({
        code: 'custom',
        input: context.value,
        message: 'found both every and cron, expected only one of them',
      });
    } else if (every === undefined && cron === undefined) {
      context.issues.push({ code: 'custom', input: context.value, message: 'expected every (such as 5m) or cron' });
    }
  })
  .check((context) => {
    const message = offsetProblem(context.value);
    if (message !== null) context.issues.push({ code: 'custom', input: context.value, message });
  });

interface Offset {
  readonly every?: number | undefined;
  readonly offset?: number | undefined;
}

function offsetProblem({ every, offset }: Offset): string | null {
  if (offset === undefined) return null;
  if (every === undefined) return 'offset works only with every; put the time into the cron line instead';
  if (offset % 1_000 !== 0) return `found offset ${formatDuration(offset)}, expected whole seconds`;
  if (offset < every) return null;
  return `found offset ${formatDuration(offset)}, expected less than every (${formatDuration(every)})`;
}

export type ScheduleConfig = z.infer<typeof schedule>;

function patternProblem(text: string): string | null {
  try {
    new RegExp(text, 'u');
    return null;
  } catch (error) {
    if (text.includes('(?P<')) return 'a named group is written (?<name>…), without P';
    if (/\(\?[a-z]+\)/.test(text)) return 'flags such as (?i) are not supported: write both cases, as in [Ee]uro';
    const why = error instanceof Error ? error.message : String(error);
    return why.replace(/^.*: /s, '').toLowerCase();
  }
}
