import { ScheduleOverlapPolicy, type ScheduleDescription } from '@temporalio/client';
import { cronMeaning, formatCalendar, formatEvery } from '../../config/cron-meaning.ts';
import { cronProblem } from '../../config/cron.ts';
import type { SourceConfig } from '../../config/source-schemas.ts';
import type { ScheduleConfig } from '../../config/value-schemas.ts';
import { formatDuration } from '../../domain/duration.ts';
import { cronMemoKey, scheduledRunId, scrapeRunType, taskQueue } from '../../domain/names.ts';

/** What a schedule says, in the words of daybook.yaml, as texts. */
type Fields = Readonly<Record<string, string>>;

/** What a schedule on the server says otherwise than the configuration: `every: 5m, expected 1m`. */
export function scheduleDifferences(
  source: SourceConfig,
  schedule: ScheduleConfig,
  description: ScheduleDescription,
): string[] {
  const wanted = wantedFields(source, schedule);
  const found = foundFields(description, wanted);
  return Object.keys({ ...wanted, ...found }).flatMap((key) =>
    wanted[key] === found[key] ? [] : [`${key}: ${found[key] ?? 'not set'}, expected ${wanted[key] ?? 'not set'}`],
  );
}

function wantedFields({ name }: SourceConfig, schedule: ScheduleConfig): Fields {
  const { every, cron, jitter, overlap, catchup_window, pause_on_failure } = schedule;
  const meaning = cron === undefined ? null : cronMeaning(cron);
  const interval = every === undefined ? meaning?.every : formatDuration(every);
  return {
    ...(typeof interval === 'string' ? { every: interval } : {}),
    ...(cron === undefined || meaning?.calendar === null ? {} : { cron }),
    ...(jitter === undefined || jitter === 0 ? {} : { jitter: formatDuration(jitter) }),
    ...timezoneField(meaning?.timezone ?? schedule.timezone),
    ...{ overlap, catchup_window: formatDuration(catchup_window), pause_on_failure: String(pause_on_failure) },
    ...{ workflow: scrapeRunType, workflow_id: scheduledRunId(name), task_queue: taskQueue },
    input: JSON.stringify([{ source: name }]),
  };
}

function foundFields({ raw, spec, policies, action }: ScheduleDescription, wanted: Fields): Fields {
  const calendars = raw.schedule?.spec?.structuredCalendar ?? [];
  const { overlap, catchupWindow, pauseOnFailure } = policies;
  return {
    ...(spec.intervals?.length
      ? { every: spec.intervals.map(({ every, offset }) => formatEvery(every, offset ?? 0)).join() }
      : {}),
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
    ...{ workflow: action.workflowType, workflow_id: action.workflowId ?? '', task_queue: action.taskQueue ?? '' },
    input: JSON.stringify(action.args ?? []),
  };
}

function timezoneField(timezone: string | undefined): Fields {
  return timezone === undefined || timezone === '' || timezone === 'UTC' ? {} : { timezone };
}

type Calendars = NonNullable<
  NonNullable<NonNullable<ScheduleDescription['raw']['schedule']>['spec']>['structuredCalendar']
>;

/**
 * A calendar as the cron line that it was written as, where one of these means it. The server keeps no cron lines: what was
 * edited by hand shows in the calendar alone, whatever the memo beside it says.
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
