import { Context, log } from '@temporalio/activity';
import type { BatchRef, RunRef } from '../../domain/run/batch.ts';
import { DaybookError, HostBusy, InvalidRecord } from '../../domain/errors.ts';
import type { FetchPosition, PollEnd, StatePatch } from '../../domain/state/fetch-position.ts';
import { forEachOf } from '../../domain/plan/for-each.ts';
import { maxWaitMs } from '../../domain/plan/host-budget.ts';
import { keepKeys, patchAfter } from '../../domain/state/poll.ts';
import type { ExportJob } from '../../domain/state/export-progress.ts';
import type { FetchCounts } from '../../domain/run/receipt.ts';
import type { Redact } from '../../domain/secrets/redact.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import { countUnreadable } from '../../domain/state/unreadable-cursor.ts';
import { addWarnings, type Warning } from '../../domain/run/warning.ts';
import { collect, type Collected } from '../../sources/collect/collect.ts';
import { beginPoll, frontOf, openPages, openReader } from '../../sources/open-source.ts';
import { savedPositionLeft } from '../../sources/pagination/saved-position.ts';
import { maxBatchBytes, maxBatchRecords, spoolRecords } from '../../store/delivery/batches.ts';
import { writeDeadLetters } from '../../store/dead-letters/dead-letters.ts';
import { beginFanOut, fanOutOf, fetchChains, type FanOutTools, type FetchedChains } from '../fan-out/fetch-fan-out.ts';
import type { Uses } from '../support/dependencies.ts';
import { copiesIn, sharedIdsOf, sinceOf } from './end-facts.ts';
import { documentsOf } from './export-documents.ts';
import { fittingPlan } from './fitting-plan.ts';
import { keepSeen } from './keep-seen.ts';
import { hiddenPatch, mapPlace } from '../support/masked-position.ts';
import { positionMaskFor, type PositionMask } from '../support/position-mask.ts';
import { logDeadLetters } from '../dead-letters/log-dead-letters.ts';
import { adapterContext } from '../support/adapter-context.ts';
import { redactDeadLetter } from '../dead-letters/redact-dead-letter.ts';
import { redactorFor, sourceTools, type AdapterAccess, type SecretAccess } from '../support/source-secrets.ts';
import { revealCarried } from './carried-position.ts';

export interface FetchBatchInput {
  readonly run: RunRef;
  readonly plan: SourcePlan;
  readonly state: SourceState;
  /** Null = the beginning of the poll. */
  readonly position: FetchPosition | null;
  /** Number of the first batch that this fetch may make. */
  readonly number: number;
  /** A user requested this run: even a source that announced no changes yet is polled. */
  readonly force?: boolean;
  /** The window of time that a backfill asks for. */
  readonly window?: TimeRangeText;
  /** How long the run has waited for the host since its last response. */
  readonly waitedMs?: number;
  /** The job of its export, which is done. Absent = the source has none. */
  readonly export?: ExportJob;
  /** Attempts that another activity has made. */
  readonly attemptsBefore?: number;
}

export interface FetchBatchResult {
  readonly counts: FetchCounts;
  readonly batches: readonly BatchRef[];
  /** Number of the first batch of the next fetch. */
  readonly nextNumber: number;
  /** Where the next fetch continues; null if the poll is over. */
  readonly position: FetchPosition | null;
  /** What the state becomes once all batches up to here are settled. */
  readonly patch: StatePatch;
  readonly end: PollEnd | null;
  /** Absent if there is none. */
  readonly warnings?: readonly Warning[];
  /** Nothing was fetched: the host's next slot is this many milliseconds away. */
  readonly waitMs?: number;
}

type FetchTools = SecretAccess &
  AdapterAccess &
  FanOutTools &
  Uses<'identity' | 'store' | 'recentBatches' | 'pollKeys' | 'measures'>;

/** Batches that each fetch but a poll's first one fills: more of them cost fewer activities, but more is fetched again after a kill. */
const batchesAtOnce = 2;
/** A source with more pages yields after this long, so that its records are stored soon. */
const maxFetchMs = 5_000;

/**
 * Fetches the next pages of a source and spools their valid records. Safe to repeat because what it stores is named by its content,
 * and nothing counts before the workflow has its result.
 */
export function createFetchBatch(dependencies: FetchTools) {
  return async function fetchBatch(input: FetchBatchInput): Promise<FetchBatchResult> {
    const { measures } = dependencies;
    const result = await fetchPages(dependencies, input);
    measures.fetched(input.run.source, result.counts);
    measures.throttled(input.run.source, result.waitMs ?? 0);
    return result;
  };
}

async function fetchPages(dependencies: FetchTools, input: FetchBatchInput): Promise<FetchBatchResult> {
  const { run, force = false, window = null } = input;
  const redact = redactorFor(input.plan.name, dependencies);
  const context = adapterContext(redact);
  const plan = await fittingPlan(input.plan, dependencies);
  const mask = positionMaskFor(plan, dependencies);
  const { state, lost, position: carried } = await revealCarried({ ...input, plan, window }, mask);
  const documents = input.export ? await documentsOf(dependencies, input, input.export) : null;
  const poll = { plan, state, run: run.firstRunId, force, window, ...(documents ? { documents } : {}) };
  const tools = sourceTools(run.source, dependencies);
  const forEach = forEachOf(plan);
  const position = carried ?? (forEach ? beginFanOut(state, new Date()) : await beginPoll(poll, tools, begunAt(input)));
  if (!position) return nothingNew(input);
  const isFile = position.place.type === 'file';
  // A source that says that nothing has changed is compared with nothing.
  const known = isFile || window ? null : () => dependencies.pollKeys.read(run.source, position.knownBlobs);
  const attempt = Context.current().info.attempt + (input.attemptsBefore ?? 0);
  const lastAttempt = attempt >= plan.retry.maxAttempts;
  const isRepeated = attempt > 1;
  const reader = await openReader(plan, tools, context.signal);
  const batches = input.position === null ? 1 : batchesAtOnce;
  const limits = { maxRecords: batches * maxBatchRecords, maxBytes: batches * maxBatchBytes, maxMs: maxFetchMs };
  try {
    if (forEach) {
      const setting = {
        forEach,
        tools,
        context: { ...context, lastAttempt },
        reader,
        limits,
        lastAttempt,
        isRepeated,
        mask,
      };
      const chains = await fetchChains(dependencies, { ...setting, ...fanOutOf(poll, position) });
      context.signal.throwIfAborted();
      const warnings = addWarnings(lost, chains.warnings);
      return hideSecrets(await keepChains(dependencies, input, { ...chains, warnings }, redact), mask);
    }
    const front = frontOf(poll, position, new Date());
    const pages = openPages(poll, position, tools, { ...context, lastAttempt, reader });
    const taken = await collect({ plan, position, pages, known, reader, limits, front, lastAttempt, isRepeated });
    const leavesPlace = input.position === null && state.unfinished?.failed === true;
    const left = leavesPlace ? [savedPositionLeft] : lost;
    const collected = { ...taken, warnings: addWarnings(left, taken.warnings) };
    context.signal.throwIfAborted();
    logNotes(input, collected.notes, redact);
    const kept = await keep(dependencies, input, collected, redact);
    if (kept.end) await documents?.drop();
    // A window has no later step that knows of its copies.
    if (window && kept.end?.copied) await tools.copies?.(run.firstRunId)?.clear();
    return hideSecrets(kept, mask);
  } catch (error) {
    // The next attempt starts once the host may be called again.
    if (error instanceof DaybookError) dependencies.measures.throttled(run.source, error.retryAfterMs ?? 0);
    if (!(error instanceof HostBusy)) throw error;
    return hideSecrets(hostBusy(input, position, error.waitMs), mask);
  }
}

/** Stores the records that were fetched: dead letters first, because nothing may count as accepted before its neighbours are safe. */
async function keepRecords(
  { store, recentBatches }: Uses<'store' | 'recentBatches'>,
  { run, plan, number }: FetchBatchInput,
  collected: Pick<Collected, 'accepted' | 'deadLetters' | 'duplicates'>,
  redact: Redact,
): Promise<readonly BatchRef[]> {
  const deadLetters = collected.deadLetters.map((letter) => redactDeadLetter(letter, redact));
  const duplicates = collected.duplicates.map((letter) => redactDeadLetter(letter, redact));
  const letters = [...deadLetters, ...duplicates];
  await writeDeadLetters(store, run, number, '', letters);
  logDeadLetters(run, number, letters);
  const invalid = deadLetters.find(({ reason }) => reason !== 'parent_failed');
  if (invalid && plan.onInvalid === 'fail') {
    throw new InvalidRecord(
      `fetch: ${plan.name}: on_invalid is fail, and a record is invalid: ${invalid.message} (${invalid.reason})`,
    );
  }
  return spoolRecords(store, run, number, collected.accepted, new Date(), recentBatches);
}

async function keep(
  dependencies: Uses<'store' | 'recentBatches' | 'pollKeys' | 'fileProgress' | 'feedItems'>,
  input: FetchBatchInput,
  collected: Collected,
  redact: Redact,
): Promise<FetchBatchResult> {
  const { fileProgress } = dependencies;
  const { run, plan, state, window } = input;
  const { end, digests } = collected;
  const batches = await keepRecords(dependencies, input, collected, redact);
  const files = collected.files ? await fileProgress.write(run.source, collected.files, state.files) : null;
  const { items, keys } = await keepSeen(dependencies, run.source, state, collected);
  const position = withFiles(keepKeys(collected.position, digests.length, keys), files);
  const cursor = countUnreadable(plan.name, state, position, window ? null : end);
  const patch = patchAfter(state, position, end, {
    ...collected.lastPatch,
    ...(files === null ? {} : { files }),
    ...(items === null ? {} : { feedItems: items }),
    ...cursor.patch,
  });
  return resultOf(input, { ...collected, position, end: end && { ...cursor.alert, ...end } }, batches, patch, redact);
}

/** The same of the chains of a fan-out. */
async function keepChains(
  dependencies: Uses<'store' | 'recentBatches'>,
  input: FetchBatchInput,
  chains: FetchedChains,
  redact: Redact,
): Promise<FetchBatchResult> {
  logNotes(input, chains.notes, redact);
  const batches = await keepRecords(dependencies, input, chains, redact);
  return resultOf(input, chains, batches, chains.statePatch, redact);
}

function resultOf(
  { number }: FetchBatchInput,
  { counts, end, position, warnings }: Pick<Collected, 'counts' | 'end' | 'position' | 'warnings'>,
  batches: readonly BatchRef[],
  patch: StatePatch,
  redact: Redact,
): FetchBatchResult {
  return {
    counts,
    batches,
    // A fetch without a batch still uses its number: its dead letters have it.
    nextNumber: number + Math.max(1, batches.length),
    position: end ? null : position,
    patch,
    end: end && {
      ...end,
      ...sinceOf(position),
      ...sharedIdsOf(position),
      ...copiesIn(position),
      ...(end.paging ? { paging: redact(end.paging) } : {}),
    },
    ...(warnings.length > 0 ? { warnings: redactWarnings(warnings, redact) } : {}),
  };
}

function logNotes({ run }: FetchBatchInput, notes: readonly string[], redact: Redact): void {
  for (const warning of notes) log.warn('Source warning', { source: run.source, warning: redact(warning) });
}

function redactWarnings(warnings: readonly Warning[], redact: Redact): Warning[] {
  return warnings.map((warning) => ({ ...warning, message: redact(warning.message) }));
}

function nothingNew(input: FetchBatchInput): FetchBatchResult {
  const end = { cutShort: false, notModified: true, notBefore: null };
  return { ...nothingFetched(input), nextNumber: input.number + 1, end };
}

function nothingFetched({ number }: FetchBatchInput): FetchBatchResult {
  const counts = { fetched: 0, accepted: 0, rejected: 0, unchanged: 0, repaired: 0, pages: 0 };
  return { counts, batches: [], nextNumber: number, position: null, patch: {}, end: null };
}

/** What an export holds is from before its job began. */
function begunAt({ export: job }: FetchBatchInput): Date {
  return job ? new Date(job.submittedAt) : new Date();
}

/** The run waits for its slot, or ends if the host asks for a long pause. */
function hostBusy(input: FetchBatchInput, position: FetchPosition, waitMs: number): FetchBatchResult {
  // Many short waits end too: other sources may keep the host busy forever.
  if ((input.waitedMs ?? 0) + waitMs <= maxWaitMs) return { ...nothingFetched(input), position, waitMs };
  const end = { cutShort: false, notModified: false, notBefore: new Date(Date.now() + waitMs).toISOString() };
  const { number, state } = input;
  return { ...nothingFetched(input), nextNumber: number + 1, patch: patchAfter(state, position, end, {}), end };
}

function withFiles(position: FetchPosition, files: string | null): FetchPosition {
  const { place } = position;
  return place.type === 'file' && files !== null ? { ...position, place: { ...place, files } } : position;
}

/** Workflow data must not contain secrets: the address of a next page may echo one. */
function hideSecrets(result: FetchBatchResult, { hide }: PositionMask): FetchBatchResult {
  const { position, patch } = result;
  return { ...result, position: position && mapPlace(position, hide), patch: hiddenPatch(patch, hide) };
}
