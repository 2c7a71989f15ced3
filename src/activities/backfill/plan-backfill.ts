import { Context } from '@temporalio/activity';
import { planOf } from '../../config/plan/plan.ts';
import type { BackfillRequest } from '../../domain/time/backfill-request.ts';
import { NotBackfillable } from '../../domain/errors.ts';
import { Instance } from '../../domain/instance.ts';
import { isPauseNote, parsePauseNote, type PausedBy } from '../../domain/run/pause-note.ts';
import { parseWindow } from '../../domain/time/time-range.ts';
import { windowProblem } from '../../domain/plan/window-support.ts';
import { cutWindows, type TimeRangeText } from '../../domain/time/backfill-windows.ts';
import { chooseWindows } from '../../store/backfill/window-results.ts';
import type { ActivityDependencies } from '../support/dependencies.ts';
import { describeSchedule } from '../../temporal/schedules/describe-schedule.ts';
import { findKnownSource } from '../support/known-source.ts';
import { runActivity } from '../support/run-activity.ts';
import { redactorFor } from '../support/source-secrets.ts';

export interface PlanBackfillInput {
  readonly source: string;
  readonly request: BackfillRequest;
  /** Whether a pause of the source is to be looked for. */
  readonly asksForPause?: boolean;
}

export interface PlannedBackfill {
  readonly windows: readonly TimeRangeText[];
  readonly searchAttribute: boolean;
  /** Who paused the source by `daybook pause`; null where nobody did, or nobody asked. Version 0.1 does not say. */
  readonly paused?: PausedBy | null;
}

/** The windows that a request comes to. Safe to repeat because it only reads. */
export function createPlanBackfill(dependencies: ActivityDependencies) {
  return async function planBackfill({ source, request, asksForPause }: PlanBackfillInput): Promise<PlannedBackfill> {
    return runActivity(redactorFor(source, dependencies), async () => {
      const { config } = dependencies.config.current();
      const problem = windowProblem(planOf(config, await findKnownSource(dependencies, source)));
      if (problem !== null) throw new NotBackfillable(`backfill: ${problem}`);
      const range = parseWindow(request.from, request.to);
      if (!range.ok) throw new NotBackfillable(`backfill: ${range.why}`);
      const windows = cutWindows(range.window, request.stepMs);
      return {
        windows: await chooseWindows(dependencies.store, source, windows, request.only),
        searchAttribute: dependencies.searchAttribute(),
        paused: asksForPause ? await pauseOf(source) : null,
      };
    });
  };
}

/** A schedule that was paused in another way rests alone: only `daybook pause` means all of the source. */
async function pauseOf(source: string): Promise<PausedBy | null> {
  const { client, info } = Context.current();
  const id = Instance.ofQueue(info.taskQueue).scrapeScheduleId(source);
  const state = (await describeSchedule(client, id))?.state;
  return state?.paused && isPauseNote(state.note) ? parsePauseNote(state.note) : null;
}
