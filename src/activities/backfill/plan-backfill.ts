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
import type { Uses } from '../support/dependencies.ts';
import { describeSchedule } from '../../temporal/schedules/describe-schedule.ts';
import { findKnownSource } from '../support/known-source.ts';

export interface PlanBackfillInput {
  readonly source: string;
  readonly request: BackfillRequest;
  /** Whether to look for a pause of the source. */
  readonly asksForPause?: boolean;
}

export interface PlannedBackfill {
  readonly windows: readonly TimeRangeText[];
  readonly searchAttribute: boolean;
  /** Who paused the source by `daybook pause`; null if it is not paused, or was not checked. Version 0.1 does not say. */
  readonly paused?: PausedBy | null;
}

/** The windows of a request. Safe to repeat because it only reads. */
export function createPlanBackfill(dependencies: Uses<'config' | 'identity' | 'store' | 'searchAttribute'>) {
  return async function planBackfill({ source, request, asksForPause }: PlanBackfillInput): Promise<PlannedBackfill> {
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
  };
}

/** A pause made in another way concerns the schedule only: `daybook pause` pauses the whole source. */
async function pauseOf(source: string): Promise<PausedBy | null> {
  const { client, info } = Context.current();
  const id = Instance.ofQueue(info.taskQueue).scrapeScheduleId(source);
  const state = (await describeSchedule(client, id))?.state;
  return state?.paused && isPauseNote(state.note) ? parsePauseNote(state.note) : null;
}
