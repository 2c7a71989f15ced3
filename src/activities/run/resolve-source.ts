import { log } from '@temporalio/activity';
import { planOf } from '../../config/plan/plan.ts';
import { NotBackfillable } from '../../domain/errors.ts';
import { idChange } from '../../domain/state/id-change.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import { initialState, startingState, type SourceState } from '../../domain/state/source-state.ts';
import { windowProblem } from '../../domain/plan/window-support.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import type { Warning } from '../../domain/run/warning.ts';
import { readState } from '../../store/run/states.ts';
import { unknownAlerts } from '../../store/alerts/alert-view.ts';
import { recordAlerts, type AlertTools } from '../alerts/record-alerts.ts';
import { settleConfig } from '../alerts/settle-config.ts';
import type { Uses } from '../support/dependencies.ts';
import { beginPoll, type BegunPoll, type PollActivities, type PollBeginning } from './begin-poll.ts';
import { assertRekeyFinished } from './rekey-guard.ts';
import { findKnownSource } from '../support/known-source.ts';
import { redactorFor, type SecretAccess } from '../support/source-secrets.ts';

export interface ResolveSourceInput {
  readonly source: string;
  /** Set if a backfill fetches a window of time, which does not involve the source's state. */
  readonly window?: TimeRangeText;
  /** Set if the poll is to begin at once; the answer says so, see `ResolvedSource`. Runs of 0.2.0 do not ask for it. */
  readonly begin?: PollBeginning;
}

export interface ResolvedSource {
  readonly plan: SourcePlan;
  readonly state: SourceState;
  /** Whether the workflow may upsert the search attribute. */
  readonly searchAttribute: boolean;
  /** What the run should report about its source. Absent = nothing. */
  readonly warnings?: readonly Warning[];
}

/**
 * The same where the poll was to begin: the run's further steps are the combined ones. The state is elsewhere, so that a worker of 0.2.0,
 * which would take other steps, cannot continue the run.
 */
export interface BegunSource extends Omit<ResolvedSource, 'state'> {
  readonly begun: BegunPoll & { readonly state: SourceState };
}

type ResolveTools = SecretAccess & AlertTools & Uses<'identity' | 'databaseId' | 'knownAlerts' | 'searchAttribute'>;

/**
 * Reads what a run needs: the source's plan from the present configuration, and the state it starts from. Where the run asks for
 * it, its poll begins as well.
 */
export function createResolveSource(dependencies: ResolveTools, activities: PollActivities) {
  const resolve = createResolve(dependencies);
  return async function resolveSource(input: ResolveSourceInput): Promise<ResolvedSource | BegunSource> {
    const resolved = await resolve(input);
    if (!input.begin) return resolved;
    const tools = { ...dependencies, ...activities };
    const { state, ...rest } = resolved;
    return { ...rest, begun: { state, ...(await beginPoll(tools, resolved, input.begin, input.window ?? null)) } };
  };
}

/** The part that only reads. */
function createResolve(dependencies: ResolveTools) {
  return async ({ source, window, begin }: ResolveSourceInput): Promise<ResolvedSource> => {
    const { store, knownAlerts } = dependencies;
    const isRoutine = begin !== undefined && begin.force !== true;
    const known = isRoutine ? await knownAlerts.view(store, null) : unknownAlerts;
    const redact = redactorFor(source, dependencies);
    const { config, broken } = dependencies.config.current();
    await settleConfig(dependencies, redact, known);
    // It only concerns this source: workers do not agree on it.
    if (broken === null) await recordAlerts(dependencies, source, [{ name: 'config', message: null }], redact, known);
    const plan = planOf(config, await findKnownSource(dependencies, source));
    const { fetchFingerprint, shapeFingerprint, id } = plan;
    if (window) {
      await assertRekeyFinished(store, source);
      const problem = windowProblem(plan);
      if (problem !== null) throw new NotBackfillable(`backfill: ${problem}`);
      const state = initialState({ fetchFingerprint, shapeFingerprint, databaseId: null });
      return { plan, state, searchAttribute: dependencies.searchAttribute() };
    }
    const [databaseId, stored] = await Promise.all([dependencies.databaseId(), readState(store, source)]);
    await assertRekeyFinished(store, source, stored.state ? stored.epoch : null);
    const damage = stored.damaged ? 'its state could not be read; the source is polled from scratch' : null;
    // Without a state, one that was damaged may have been set aside a moment ago.
    const since = stored.state?.receiptAt;
    const last = since === undefined ? null : { source, since };
    const view = isRoutine && stored.state ? await knownAlerts.view(store, last) : unknownAlerts;
    await recordAlerts(dependencies, source, [{ name: 'state', message: damage }], redact, view);
    const identity = { fetchFingerprint, shapeFingerprint, id, databaseId };
    const { state, changed } = startingState(stored.state, identity, stored.epoch);
    if (changed)
      log.warn('State no longer fits the configuration; it is dropped in part or entirely', { source, changed });
    const warning = idChange(source, stored.state, plan);
    const warned = warning === null ? {} : { warnings: [warning] };
    return { plan, state, searchAttribute: dependencies.searchAttribute(), ...warned };
  };
}
