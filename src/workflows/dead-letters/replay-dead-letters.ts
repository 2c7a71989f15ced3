import { CancellationScope, isCancellation, setHandler, workflowInfo } from '@temporalio/workflow';
import type { ResolvedSource } from '../../activities/run/resolve-source.ts';
import type { RunRef } from '../../domain/run/batch.ts';
import type { ReplayResult, DeadLetterSelection } from '../../domain/dead-letters/dead-letter-replay.ts';
import { rejectionReasons } from '../../domain/dead-letters/rejection.ts';
import { sourceNamePattern } from '../../domain/plan/source-plan.ts';
import { deadLetterActivities, storeActivities } from '../activities.ts';
import { setSourceAttribute } from '../support/search-attribute.ts';
import { replayProgressQuery } from '../messages.ts';
import { DeadLetterReplay, type DeadLetterReplaySnapshot } from './dead-letter-replay.ts';
import { failureOf, workflowFailure } from '../support/failure.ts';
import { sendAlerts } from '../support/send-alerts.ts';
import { continueUnlessCancelled } from '../support/next-history.ts';

export interface ReplayDeadLettersInput extends DeadLetterSelection {
  readonly source: string;
  /** What an earlier segment hands over. */
  readonly carry?: DeadLetterReplaySnapshot;
}

/**
 * Extracts dead letters of a source again, by its configuration as it is now, and stores what passes in both sinks.
 *
 * Id: `replay-dead-letters-<source>-<time>`. Answers the query `progress`. Ends with its counts; a dead letter is hidden only after
 * its record is stored or waits for a sink, so a replay may be cancelled, killed and repeated at any moment.
 */
export async function replayDeadLetters(input: ReplayDeadLettersInput): Promise<ReplayResult> {
  const { source, carry, ...selection } = checkedInput(input);
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const run: RunRef = { source, workflowId, firstRunId: firstExecutionRunId };
  let replay: DeadLetterReplay | null = null;
  setHandler(replayProgressQuery, () => replay?.result() ?? DeadLetterReplay.nothing(run));
  try {
    replay = new DeadLetterReplay(run, carry ?? (await begin(run, selection)));
    while (!replay.ended) {
      if (workflowInfo().continueAsNewSuggested) break;
      await replay.processPage();
    }
  } catch (error) {
    if (isCancellation(error)) throw error;
    throw workflowFailure(failureOf(error, 'replay'), replay?.result());
  }
  const finished = replay;
  if (!finished.ended)
    return continueUnlessCancelled<typeof replayDeadLetters>({ source, ...selection, carry: finished.carry() });
  const result = finished.result();
  await CancellationScope.nonCancellable(async () => {
    const { deferredBecause } = finished.carry();
    const { notify } = await deadLetterActivities(source).finishReplay({ run, result, deferredBecause });
    if (notify) await sendAlerts(source);
  });
  return result;
}

async function begin(run: RunRef, selection: DeadLetterSelection): Promise<DeadLetterReplaySnapshot> {
  const resolved = await storeActivities(run.source).resolveSource({ source: run.source });
  const { plan, state, searchAttribute } = resolved as ResolvedSource;
  if (searchAttribute) setSourceAttribute(run.source);
  const letters = await deadLetterActivities(run.source).planReplay({ run, selection });
  return DeadLetterReplay.begin(plan, letters, state);
}

/** The input comes from command lines: anything but what is known fails the replay at once. */
function checkedInput(input: unknown): ReplayDeadLettersInput {
  const { source, ids, reason, run, carry } = (
    typeof input === 'object' && input !== null ? input : {}
  ) as Partial<ReplayDeadLettersInput>;
  const isName = typeof source === 'string' && sourceNamePattern.test(source);
  const areIds = ids === undefined || (Array.isArray(ids) && ids.every((id) => typeof id === 'string'));
  const isReason = reason === undefined || rejectionReasons.includes(reason);
  const isRun = run === undefined || typeof run === 'string';
  const isCarried = carry === undefined || workflowInfo().continuedFromExecutionRunId !== undefined;
  if (isName && areIds && isReason && isRun && isCarried) {
    return {
      source,
      ...(ids === undefined ? {} : { ids }),
      ...(reason === undefined ? {} : { reason }),
      ...(run === undefined ? {} : { run }),
      ...(carry === undefined ? {} : { carry }),
    };
  }
  throw workflowFailure({
    type: 'InvalidInput',
    message: `replayDeadLetters: found input ${JSON.stringify(input)?.slice(0, 500)}, expected {"source": "<name of a source>", "ids"?: ["<id>"], "reason"?: "<reason>", "run"?: "<id>"}`,
  });
}
