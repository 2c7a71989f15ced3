import type { BatchRef, RunRef } from '../domain/batch.ts';
import { InvalidRecord } from '../domain/errors.ts';
import type { FetchPosition, PollEnd, StatePatch } from '../domain/fetch.ts';
import { keepKeys, patchAfter } from '../domain/poll.ts';
import type { FetchCounts } from '../domain/receipt.ts';
import type { Redact } from '../domain/redact.ts';
import type { SourcePlan } from '../domain/source.ts';
import type { SourceState } from '../domain/state.ts';
import { collect, type Collected } from '../sources/collect.ts';
import { beginPoll, openPages } from '../sources/open-source.ts';
import { maxBatchBytes, maxBatchRecords, spoolRecords } from '../store/batches.ts';
import { writeDeadLetters } from '../store/dead-letters.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { runAdapter } from './run-adapter.ts';
import { redactLetter } from './redact-letter.ts';
import { planWithSecrets, redactorFor, sourceTools } from './source-access.ts';

export interface FetchBatchInput {
  readonly run: RunRef;
  readonly plan: SourcePlan;
  readonly state: SourceState;
  /** Null = the beginning of the poll. */
  readonly position: FetchPosition | null;
  /** Number of the first batch that this fetch may make. */
  readonly number: number;
}

export interface FetchBatchResult {
  readonly counts: FetchCounts;
  readonly batches: readonly BatchRef[];
  /** Number of the first batch of the next fetch. */
  readonly nextNumber: number;
  /** Where the next fetch goes on; null where the poll is over. */
  readonly position: FetchPosition | null;
  /** What the state becomes once all batches up to here are settled. */
  readonly patch: StatePatch;
  readonly end: PollEnd | null;
}

/** A source that has more pages gives up its turn after this long, so that what it yielded is stored soon. */
const maxFetchMs = 5_000;

/**
 * Fetches the next pages of a source and spools their valid records. Safe to repeat because what it stores is named by
 * its content, and nothing counts before the workflow has its answer.
 */
export function createFetchBatch(dependencies: ActivityDependencies) {
  return async function fetchBatch(input: FetchBatchInput): Promise<FetchBatchResult> {
    const redact = redactorFor(input.plan.name, dependencies);
    return runAdapter(redact, async (context) => {
      const poll = { plan: planWithSecrets(input.plan, dependencies), state: input.state, run: input.run.firstRunId };
      const tools = sourceTools(dependencies);
      const position = input.position ?? (await beginPoll(poll, tools, new Date()));
      if (!position) return nothingNew(input);
      const known =
        position.place.type === 'file' ? null : await dependencies.pollKeys.read(input.run.source, position.knownBlobs);
      const pages = openPages(poll, position, tools, context);
      const limits = { maxRecords: maxBatchRecords, maxBytes: maxBatchBytes, maxMs: maxFetchMs };
      const collected = await collect({ plan: poll.plan, position, pages, known, limits });
      context.signal.throwIfAborted();
      return keep(dependencies, input, collected, redact);
    });
  };
}

/** Stores what was fetched: dead letters first, for nothing may count as accepted before its neighbours are safe. */
async function keep(
  { store, pollKeys }: ActivityDependencies,
  { run, plan, state, number }: FetchBatchInput,
  collected: Collected,
  redact: Redact,
): Promise<FetchBatchResult> {
  const { counts, end, digests } = collected;
  const deadLetters = collected.deadLetters.map((letter) => redactLetter(letter, redact));
  await writeDeadLetters(store, run, number, '', deadLetters);
  const [first] = deadLetters;
  if (first && plan.onInvalid === 'fail') {
    throw new InvalidRecord(
      `fetch: ${plan.name}: on_invalid is fail, and a record is invalid: ${first.message} (${first.reason})`,
    );
  }
  const batches = await spoolRecords(store, run, number, collected.accepted, new Date());
  const keeps = collected.position.keysKept !== null && digests.length > 0;
  const blob = keeps ? await pollKeys.write(run.source, digests, state.previousPoll) : null;
  const position = keepKeys(collected.position, digests.length, blob);
  return {
    counts,
    batches,
    // A fetch without a batch uses its number up: its dead letters bear it.
    nextNumber: number + Math.max(1, batches.length),
    position: end ? null : position,
    patch: patchAfter(state, position, end, collected.lastPatch),
    end,
  };
}

function nothingNew({ number }: FetchBatchInput): FetchBatchResult {
  const counts = { fetched: 0, accepted: 0, rejected: 0, unchanged: 0, repaired: 0, pages: 0 };
  const end = { cutShort: false, notModified: true, notBefore: null };
  return { counts, batches: [], nextNumber: number + 1, position: null, patch: {}, end };
}
