import { ScheduleOverlapPolicy, type ScheduleDescription } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { cronMeaning, formatCalendar, formatEvery } from '../../config/schedule/cron-meaning.ts';
import { cronProblem } from '../../config/schedule/cron.ts';
import { jitterOf, offsetOf } from '../../config/schedule/schedule-grid.ts';
import type { SourceConfig } from '../../config/schema/source-schemas.ts';
import type { ScheduleConfig } from '../../config/schema/value-schemas.ts';
import { formatDuration } from '../../domain/time/duration.ts';
import type { Instance } from '../../domain/instance.ts';
import type { Grid } from '../../domain/monitoring/schedule-starts.ts';
import { cronMemoKey, probeType, scrapeRunType, sourceAttributeKey } from '../../domain/names.ts';

/** A schedule in the words of daybook.yaml, as texts. */
type Fields = Readonly<Record<string, string>>;

/** What a schedule depends on besides its source. */
interface ServerFacts {
  readonly instance: Instance;
  /** Whether the server knows the search attribute of sources; null if it does not say. */
  readonly hasAttribute: boolean | null;
}

/** How a schedule on the server differs from the configuration: `every: 5m, expected 1m`. */
export function scheduleDifferences(
  source: SourceConfig,
  schedule: ScheduleConfig,
  server: ServerFacts,
  description: ScheduleDescription,
): string[] {
  return differences(wantedFields(source, schedule, server, description), description);
}

/** The same for the schedule of a group of sources that are probed. */
export function probeDifferences(
  { interval, catchupMs, input }: { readonly interval: Grid; readonly catchupMs: number; readonly input: unknown },
  { instance, id }: { readonly instance: Instance; readonly id: string },
  description: ScheduleDescription,
): string[] {
  const wanted = {
    ...intervalFields([formatEvery(interval.everyMs, interval.offsetMs)]),
    overlap: 'skip',
    catchup_window: formatDuration(catchupMs),
    pause_on_failure: 'false',
    workflow: probeType,
    workflow_id: id,
    task_queue: instance.taskQueue,
    input: JSON.stringify([input]),
  };
  return differences(wanted, description);
}

function differences(wanted: Fields, description: ScheduleDescription): string[] {
  const found = foundFields(description, wanted);
  return Object.keys({ ...wanted, ...found }).flatMap((key) =>
    wanted[key] === found[key] ? [] : [`${key}: ${found[key] ?? 'not set'}, expected ${wanted[key] ?? 'not set'}`],
  );
}

function wantedFields(
  { name }: SourceConfig,
  schedule: ScheduleConfig,
  { instance, hasAttribute }: ServerFacts,
  description: ScheduleDescription,
): Fields {
  const { every, cron, overlap, catchup_window, pause_on_failure } = schedule;
  const jitter = jitterOf(schedule);
  const meaning = cron === undefined ? null : cronMeaning(cron);
  const interval = every === undefined ? meaning?.every : formatEvery(every, offsetOf(name, schedule));
  return {
    ...(typeof interval === 'string' ? intervalFields([interval]) : {}),
    ...(cron === undefined || meaning?.calendar === null ? {} : { cron }),
    ...(jitter === 0 ? {} : { jitter: formatDuration(jitter) }),
    ...timezoneField(meaning?.timezone ?? schedule.timezone),
    overlap,
    catchup_window: formatDuration(catchup_window),
    pause_on_failure: String(pause_on_failure),
    workflow: scrapeRunType,
    workflow_id: instance.scheduledRunId(name),
    task_queue: instance.taskQueue,
    input: JSON.stringify([{ source: name }]),
    ...attributeField(hasAttribute === null ? attributeOf(description) : hasAttribute ? name : undefined),
  };
}

function foundFields(description: ScheduleDescription, wanted: Fields): Fields {
  const { raw, spec, policies, action } = description;
  const calendars = raw.schedule?.spec?.structuredCalendar ?? [];
  const { overlap, catchupWindow, pauseOnFailure } = policies;
  return {
    ...intervalFields((spec.intervals ?? []).map(({ every, offset }) => formatEvery(every, offset ?? 0))),
    ...(calendars.length > 0
      ? {
          cron: calendars
            .map((calendar) => cronOf(calendar, [wanted['cron'], action.memo?.[cronMemoKey]]))
            .join(' and '),
        }
      : {}),
    ...(spec.skip?.length ? { skip: 'calendars made by hand' } : {}),
    ...(spec.jitter ? { jitter: formatDuration(spec.jitter) } : {}),
    ...timezoneField(spec.timezone),
    ...(spec.startAt ? { start_at: spec.startAt.toISOString() } : {}),
    ...(spec.endAt ? { end_at: spec.endAt.toISOString() } : {}),
    overlap: (overlap ?? ScheduleOverlapPolicy.SKIP).toLowerCase(),
    catchup_window: formatDuration(catchupWindow),
    pause_on_failure: String(pauseOnFailure),
    workflow: action.workflowType,
    workflow_id: action.workflowId ?? '',
    task_queue: action.taskQueue ?? '',
    input: JSON.stringify(action.args ?? []),
    ...attributeField(attributeOf(description)),
  };
}

function attributeOf({ action }: ScheduleDescription): string | undefined {
  // The server's own are of this class.
  const { typedSearchAttributes: found } = action;
  return found instanceof TypedSearchAttributes ? found.get(sourceAttributeKey) : undefined;
}

function attributeField(value: string | undefined): Fields {
  return value === undefined ? {} : { search_attribute: value };
}

/** One interval as `every` and `offset`; several, which only a person makes, in one text. */
function intervalFields(intervals: readonly string[]): Fields {
  if (intervals.length !== 1) return intervals.length === 0 ? {} : { every: intervals.join() };
  const [every = '', offset] = (intervals[0] ?? '').split('/');
  return { every, ...(offset === undefined ? {} : { offset }) };
}

function timezoneField(timezone: string | undefined): Fields {
  return timezone === undefined || timezone === '' || timezone === 'UTC' ? {} : { timezone };
}

type Calendars = NonNullable<
  NonNullable<NonNullable<ScheduleDescription['raw']['schedule']>['spec']>['structuredCalendar']
>;

/**
 * A calendar as the cron line that it was written as, where one of these means it. The server keeps no cron lines: what was edited
 * by hand shows in the calendar alone, whatever its memo says.
 */
function cronOf(calendar: Calendars[number], written: readonly unknown[]): string {
  const { second, minute, hour, dayOfMonth, month, dayOfWeek, year } = calendar;
  const ranges = [second, minute, hour, dayOfMonth, month, dayOfWeek, year].map((field) =>
    (field ?? []).map(({ start, end, step }) => ({ start: start ?? 0, end: end ?? 0, step: step ?? 1 })),
  );
  const found = formatCalendar(ranges);
  const means = (line: unknown): line is string =>
    typeof line === 'string' && cronProblem(line) === null && cronMeaning(line).calendar === found;
  return written.find(means) ?? found;
}
