import { ScheduleOverlapPolicy, type ScheduleDescription } from '@temporalio/client';
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
  const found = foundFields(description);
  return Object.keys({ ...wanted, ...found }).flatMap((key) =>
    wanted[key] === found[key] ? [] : [`${key}: ${found[key] ?? 'not set'}, expected ${wanted[key] ?? 'not set'}`],
  );
}

function wantedFields({ name }: SourceConfig, schedule: ScheduleConfig): Fields {
  const { every, cron, jitter, timezone, overlap, catchup_window, pause_on_failure } = schedule;
  return {
    ...(every === undefined ? {} : { every: formatDuration(every) }),
    ...(cron === undefined ? {} : { cron }),
    ...(jitter === undefined || jitter === 0 ? {} : { jitter: formatDuration(jitter) }),
    ...(timezone === undefined || timezone === 'UTC' ? {} : { timezone }),
    ...{ overlap, catchup_window: formatDuration(catchup_window), pause_on_failure: String(pause_on_failure) },
    ...{ workflow: scrapeRunType, workflow_id: scheduledRunId(name), task_queue: taskQueue },
    input: JSON.stringify([{ source: name }]),
  };
}

function foundFields({ spec, policies, action }: ScheduleDescription): Fields {
  const written = action.memo?.[cronMemoKey];
  const calendars = spec.calendars?.length ?? 0;
  const cron = typeof written === 'string' ? written : 'calendars made by hand';
  const { overlap, catchupWindow, pauseOnFailure } = policies;
  return {
    ...(spec.intervals?.length ? { every: spec.intervals.map(({ every }) => formatDuration(every)).join() } : {}),
    ...(calendars > 0 ? { cron } : {}),
    ...(spec.jitter ? { jitter: formatDuration(spec.jitter) } : {}),
    ...(spec.timezone === undefined || spec.timezone === '' || spec.timezone === 'UTC'
      ? {}
      : { timezone: spec.timezone }),
    ...(spec.startAt ? { start_at: spec.startAt.toISOString() } : {}),
    ...(spec.endAt ? { end_at: spec.endAt.toISOString() } : {}),
    overlap: (overlap ?? ScheduleOverlapPolicy.SKIP).toLowerCase(),
    catchup_window: formatDuration(catchupWindow),
    pause_on_failure: String(pauseOnFailure),
    ...{ workflow: action.workflowType, workflow_id: action.workflowId ?? '', task_queue: action.taskQueue ?? '' },
    input: JSON.stringify(action.args ?? []),
  };
}
