import { log } from '@temporalio/activity';
import { planOf } from '../config/plan.ts';
import { NotBackfillable } from '../domain/errors.ts';
import type { SourcePlan } from '../domain/source.ts';
import { freshState, startingState, type SourceState } from '../domain/state.ts';
import { windowProblem } from '../domain/windowed.ts';
import type { WindowText } from '../domain/windows.ts';
import { readState } from '../store/states.ts';
import { settleAndLog } from './alerts.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { findKnownSource } from './known-source.ts';
import { runAdapter } from './run-adapter.ts';
import { redactorFor } from './source-access.ts';

export interface ResolveSourceInput {
  readonly source: string;
  /** Set where a backfill asks for a window of time: the source's state has nothing to do with it. */
  readonly window?: WindowText;
}

export interface ResolvedSource {
  readonly plan: SourcePlan;
  readonly state: SourceState;
  /** Whether the workflow may upsert the search attribute. */
  readonly searchAttribute: boolean;
}

/**
 * Reads what a run needs: the source's plan from the configuration as it stands now, and the state it starts from.
 * Safe to repeat because it only reads.
 */
export function createResolveSource(dependencies: ActivityDependencies) {
  return async function resolveSource({ source, window }: ResolveSourceInput): Promise<ResolvedSource> {
    const redact = redactorFor(source, dependencies);
    return runAdapter(redact, async () => {
      const { config, broken } = dependencies.config.current();
      const message = broken && `the configuration is broken, the last good one is used: ${broken.message}`;
      await settleAndLog(dependencies, source, [{ name: 'config', message }], redact);
      const plan = planOf(config, await findKnownSource(dependencies, source));
      const { fetchFingerprint, shapeFingerprint } = plan;
      if (window) {
        const problem = windowProblem(plan);
        if (problem !== null) throw new NotBackfillable(`backfill: ${problem}`);
        const state = freshState({ fetchFingerprint, shapeFingerprint, databaseId: null });
        return { plan, state, searchAttribute: dependencies.searchAttribute };
      }
      const databaseId = await dependencies.databaseId();
      const stored = await readState(dependencies.store, source);
      const damage = stored.damaged ? 'its state could not be read, the source is polled afresh' : null;
      await settleAndLog(dependencies, source, [{ name: 'state', message: damage }], redact);
      const identity = { fetchFingerprint, shapeFingerprint, databaseId };
      const { state, changed } = startingState(stored.state, identity, stored.epoch);
      if (changed) log.warn('State no longer fits and is dropped in part or whole', { source, changed });
      return { plan, state, searchAttribute: dependencies.searchAttribute };
    });
  };
}
