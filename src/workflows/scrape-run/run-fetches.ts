import { CancelledFailure, sleep } from '@temporalio/workflow';
import type { FetchBatchResult } from '../../activities/run/fetch-batch.ts';
import { forEachOf } from '../../domain/plan/for-each.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import { emptyTally } from '../../domain/run/receipt.ts';
import type { RunRef } from '../../domain/run/batch.ts';
import { cancelledAttempt, type FailedAttempt } from '../../domain/run/failed-attempt.ts';
import type { FetchPosition } from '../../domain/state/fetch-position.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import { fetchActivities } from '../activities.ts';
import { workflowFailure } from '../support/failure.ts';
import { RunExport } from './run-export.ts';
import type { RunDisplay } from './run-display.ts';
import type { RunSnapshot } from './run-snapshot.ts';

/** Fetches of a for_each after which the state is saved in mid-run: many parents may have few records, or none. */
const saveEvery = 3;

/** The fetches of a run, one after the other: where the next one begins, and what is waited for before it. */
export class RunFetches {
  readonly #ref: RunRef;
  readonly #plan: SourcePlan;
  readonly #force: boolean;
  readonly #window: TimeRangeText | null;
  readonly #display: RunDisplay;
  #position: FetchPosition | null;
  #nextNumber: number;
  /** Null if the source has none. */
  readonly #export: RunExport | null;
  /** Whether workers may have different configurations. */
  #isReplanned = false;
  #made = 0;
  /** How long the host has kept the run waiting since the last page. */
  #waitedMs = 0;

  constructor(ref: RunRef, carry: RunSnapshot, display: RunDisplay) {
    this.#ref = ref;
    this.#plan = carry.plan;
    this.#force = carry.force === true;
    this.#window = carry.window ?? null;
    this.#position = carry.position;
    this.#nextNumber = carry.nextNumber;
    this.#display = display;
    const { plan, export: before = null } = carry;
    this.#export =
      'export' in plan && plan.export
        ? new RunExport(ref, { ...plan, export: plan.export }, this.#window, before, display)
        : null;
  }

  get place(): Pick<RunSnapshot, 'position' | 'nextNumber' | 'export'> {
    const { progress = null } = this.#export ?? {};
    return { position: this.#position, nextNumber: this.#nextNumber, ...(progress ? { export: progress } : {}) };
  }

  replanned(): void {
    this.#isReplanned = true;
  }

  // Not async: one more step in between may change the order of an old history's commands.
  next(state: SourceState, attemptsBefore: number): Promise<FetchBatchResult> {
    const job = this.#export?.done ?? null;
    if (this.#export && !job) return this.#awaitExport(this.#export, state);
    return fetchActivities(this.#plan, !this.#isReplanned, attemptsBefore).fetchBatch({
      run: this.#ref,
      plan: this.#plan,
      state,
      position: this.#position,
      number: this.#nextNumber,
      ...(this.#force ? { force: true } : {}),
      ...(this.#window ? { window: this.#window } : {}),
      ...(this.#waitedMs > 0 ? { waitedMs: this.#waitedMs } : {}),
      ...(job ? { export: job } : {}),
      ...(attemptsBefore > 0 ? { attemptsBefore } : {}),
    });
  }

  /** A step towards the documents of an export, as a fetch that has brought nothing. */
  async #awaitExport(job: RunExport, state: SourceState): Promise<FetchBatchResult> {
    const left = await job.step(state, this.#waitedMs);
    const { position, nextNumber } = this.place;
    const none = { counts: emptyTally, batches: [], nextNumber, position, patch: {}, end: null };
    if (left?.kind === 'busy') return { ...none, waitMs: left.waitMs };
    if (left?.kind !== 'rate_limited') return none;
    const { notBefore } = left;
    return { ...none, patch: { notBefore }, end: { cutShort: false, notModified: false, notBefore } };
  }

  /** Nothing more is fetched: a job that is not done is cancelled. */
  async abandon(): Promise<void> {
    await this.#export?.abandon();
  }

  /** Whether so many parents are done that the state is to be saved in mid-run. */
  get isSaveDue(): boolean {
    return forEachOf(this.#plan) !== null && this.#position !== null && this.#made % saveEvery === 0;
  }

  /** The next fetch begins where this one ended. */
  continueAfter({ position, nextNumber, waitMs }: FetchBatchResult): void {
    this.#made++;
    this.#position = position;
    this.#nextNumber = nextNumber;
    this.#waitedMs = waitMs === undefined ? 0 : this.#waitedMs + waitMs;
  }

  /**
   * Waits until the source's policy allows its second attempt.
   * @throws ApplicationFailure if it allows none, CancelledFailure if the run was cancelled
   */
  async secondAttempt(failed: FailedAttempt): Promise<void> {
    const { type, message, isFinal, retryAfterMs } = failed;
    const { maxAttempts, initialIntervalMs } = this.#plan.retry;
    if (type === cancelledAttempt.type) throw new CancelledFailure(message);
    if (isFinal || maxAttempts <= 1) throw workflowFailure(failed);
    const waitMs = retryAfterMs ?? initialIntervalMs;
    await sleep(this.#display.beginWait('the next attempt', `${type}: ${message}`, waitMs));
    this.#display.endWait();
  }
}
