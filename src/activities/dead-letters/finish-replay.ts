import { log } from '@temporalio/activity';
import { sinks } from '../../domain/run/sink.ts';
import type { RunRef } from '../../domain/run/batch.ts';
import type { DeferredBecause, ReplayResult } from '../../domain/dead-letters/dead-letter-replay.ts';
import { clearValidators } from '../../domain/state/source-state.ts';
import { deleteReplayNotes } from '../../store/dead-letters/replay-plan.ts';
import { changeState } from '../../store/run/states.ts';
import { hasAlertsToSend, recordAlerts, type AlertTools } from '../alerts/record-alerts.ts';
import type { Uses } from '../support/dependencies.ts';
import { redactorFor, type SecretAccess } from '../support/source-secrets.ts';

export interface FinishReplayInput {
  readonly run: RunRef;
  readonly result: ReplayResult;
  readonly deferredBecause: DeferredBecause;
}

/**
 * Makes the next poll fetch everything again: records that could not be replayed may come from the source, which might answer "not
 * modified". Safe to repeat because the reduced state is valid.
 */
export function createFinishReplay(dependencies: SecretAccess & AlertTools & Uses<'alertWebhook'>) {
  return async function finishReplay({ run, result, deferredBecause }: FinishReplayInput) {
    const { store } = dependencies;
    const { source } = run;
    const redact = redactorFor(source, dependencies);
    // Even without a state: an open first run must not store that nothing changed.
    if (result.letters > 0) await changeState(store, source, (state) => state && clearValidators(state));
    const verdicts = sinks.flatMap((sink) => {
      const why = deferredBecause[sink];
      if (why === undefined) return [];
      return [
        {
          name: `deferred_${sink}` as const,
          message: `replayed records of ${source} are deferred for ${sink}: ${why}`,
        },
      ];
    });
    await recordAlerts(dependencies, source, verdicts, redact);
    const notify = await hasAlertsToSend(dependencies, source);
    const { letters, replayed, refused, unreplayable } = result;
    log.info('Dead letters replayed', { source, letters, replayed, refused, unreplayable });
    await deleteReplayNotes(store, run);
    return { notify };
  };
}
