import { findSource } from '../config/find-source.ts';
import { planOf } from '../config/plan.ts';
import type { BackfillRequest } from '../domain/backfill.ts';
import { NotBackfillable } from '../domain/errors.ts';
import { parseWindow } from '../domain/window.ts';
import { windowProblem } from '../domain/windowed.ts';
import { cutWindows, type WindowText } from '../domain/windows.ts';
import { chooseWindows } from '../store/windows.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { runAdapter } from './run-adapter.ts';
import { redactorFor } from './source-access.ts';

export interface PlanBackfillInput {
  readonly source: string;
  readonly request: BackfillRequest;
}

export interface PlannedBackfill {
  readonly windows: readonly WindowText[];
  readonly searchAttribute: boolean;
}

/** The windows that a request comes to. Safe to repeat because it only reads. */
export function createPlanBackfill(dependencies: ActivityDependencies) {
  return async function planBackfill({ source, request }: PlanBackfillInput): Promise<PlannedBackfill> {
    return runAdapter(redactorFor(source, dependencies), async () => {
      const { config } = dependencies.config.current();
      const problem = windowProblem(planOf(config, findSource(config, source)));
      if (problem !== null) throw new NotBackfillable(`backfill: ${problem}`);
      const range = parseWindow(request.from, request.to);
      if (!range.ok) throw new NotBackfillable(`backfill: ${range.why}`);
      const windows = cutWindows(range.window, request.stepMs);
      return {
        windows: await chooseWindows(dependencies.store, source, windows, request.only),
        searchAttribute: dependencies.searchAttribute,
      };
    });
  };
}
