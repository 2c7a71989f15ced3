import { CancellationScope, CancelledFailure, sleep } from '@temporalio/workflow';
import type { PollFacts } from '../../activities/run/save-receipt.ts';
import type { RunRef } from '../../domain/run/batch.ts';
import type { PollEnd } from '../../domain/state/fetch-position.ts';
import type { AlertVerdict } from '../../domain/monitoring/alert.ts';
import type { BegunPoll } from '../../activities/run/begin-poll.ts';
import type { EndedRun } from '../../activities/run/end-poll.ts';
import {
  addFetch,
  deadLetters,
  emptyTally,
  type FailedReceipt,
  type Receipt,
  type Tally,
} from '../../domain/run/receipt.ts';
import { positionAfterFailure } from '../../domain/state/poll.ts';
import { failedReceiptOf, receiptOf, type RunReport } from '../../domain/run/run-receipt.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import { addWarnings, type Warning } from '../../domain/run/warning.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import type { UnfinishedPoll } from '../../domain/state/source-state.ts';
import { noteRejected, settledState } from '../../domain/state/settled-state.ts';
import { storeActivities } from '../activities.ts';
import { hasSourceAttribute, setSourceAttribute } from '../support/search-attribute.ts';
import type { PauseState } from '../support/pause.ts';
import { tallyOf, type RunSnapshot } from './run-snapshot.ts';
import { Pipeline } from './pipeline.ts';
import type { RunFailure } from '../../domain/run/run-failure.ts';
import { workflowFailure } from '../support/failure.ts';
import { RunDisplay, type RunSoFar } from './run-display.ts';
import { RunFetches } from './run-fetches.ts';
import { finishRun, finishTogether, logCutShort, saveReceipt } from './run-receipts.ts';
import { alertsOf, verdictOf } from '../../domain/run/run-verdict.ts';
import { RunState } from './run-state.ts';

/** One run of a source: its data, and its steps. */
export class Run {
  readonly display: RunDisplay;
  readonly #ref: RunRef;
  readonly #plan: SourcePlan;
  readonly #searchAttribute: boolean;
  readonly #startedAt: string;
  /** Whether the poll began where an earlier one stopped. */
  readonly #goesOn: boolean;
  readonly #begun: UnfinishedPoll | null;
  readonly #force: boolean;
  readonly #window: TimeRangeText | null;
  /** Its steps are the combined ones; false for a run that a worker of 0.2.0 began. */
  readonly isCombined: boolean;
  /** An attempt to end it may have stored a receipt. */
  #again: boolean;
  readonly #pause: PauseState;
  readonly #state: RunState;
  readonly #fetches: RunFetches;
  readonly #pipeline: Pipeline;
  #fetched: Tally;
  #warnings: readonly Warning[];
  #end: PollEnd | null = null;
  /** Set once an activity has ended the run. */
  over: EndedRun | null = null;

  constructor(ref: RunRef, pause: PauseState, carry: RunSnapshot) {
    this.#ref = ref;
    this.#pause = pause;
    this.#plan = carry.plan;
    this.#searchAttribute = carry.searchAttribute;
    this.#startedAt = carry.startedAt;
    this.#goesOn = carry.goesOn;
    this.#begun = carry.begun ?? null;
    this.#force = carry.force === true;
    this.#window = carry.window ?? null;
    this.#state = new RunState(ref.source, carry.state, this.#window === null, carry.position === null);
    this.isCombined = carry.combined !== undefined;
    this.#again = carry.combined?.again === true;
    const tally = tallyOf(carry);
    this.#pipeline = new Pipeline(ref.source, this.#state.sinksDown, tally);
    this.display = new RunDisplay(ref.source, pause, () => this.#soFar);
    this.#fetches = new RunFetches(ref, carry, this.display);
    this.#fetched = tally;
    this.#warnings = carry.warnings ?? [];
    if (carry.searchAttribute && !(this.isCombined && hasSourceAttribute(ref.source))) setSourceAttribute(ref.source);
    const { notBefore } = carry.state;
    if (notBefore !== null && Date.parse(notBefore) > Date.now()) {
      this.#end = { cutShort: false, notModified: false, notBefore };
    }
    this.display.show();
  }

  /** Whether nothing more is to be fetched. */
  get ended(): boolean {
    return this.over !== null || this.#end !== null || this.#pipeline.failure !== null;
  }

  /**
   * A source that keeps failing is not polled for a while; a run by command polls it anyway.
   * @returns whether it was: its configuration and state may have changed since
   */
  async backOff(): Promise<boolean> {
    const { failures } = this.#state.current;
    if (!failures?.until || this.#force || this.#window) return false;
    const leftMs = Date.parse(failures.until) - Date.now();
    if (leftMs <= 0) return false;
    const { count, until, reason } = failures;
    this.display.enter('backing off', `Backs off until ${until}: the last ${count} runs failed (${reason})`);
    await sleep(this.display.beginWait('the source', `the last ${count} runs failed: ${reason}`, leftMs));
    this.display.endWait();
    this.display.enter('fetching');
    return true;
  }

  /** Waits while the run is paused. What was fetched before is settled in the meantime. */
  async resumed(): Promise<void> {
    if (!this.#pause.current) return;
    await this.#settleAll(true);
    this.display.enter('paused');
    await this.#pause.resumed();
    this.display.enter('fetching');
  }

  /**
   * Fetches the next pages and starts to write what they hold; returns while it is being written.
   * @param begun what the first fetch brought, where it was made already
   */
  async fetchNext(begun: BegunPoll = {}): Promise<void> {
    if (begun.failure) await this.#fetches.secondAttempt(begun.failure);
    const fetch = begun.fetch ?? (await this.#fetches.next(this.#state.current, begun.failure ? 1 : 0));
    this.#fetched = addFetch(this.#fetched, fetch.counts);
    this.#warnings = addWarnings(this.#warnings, fetch.warnings ?? []);
    if (this.isCombined) {
      const facts = { plan: this.#plan, continues: this.#goesOn, isScheduled: !this.#force };
      const poll = { ...this.#report, run: this.#ref, ...facts, ...(this.#again ? { again: true } : {}) };
      const written = await finishTogether(this.#pipeline, fetch, poll);
      this.over = written?.ended ?? null;
      if (this.over) return;
      this.#again ||= written !== null;
      await this.#pipeline.addTogether(fetch.batches, written?.tried);
    } else for (const batch of fetch.batches) await this.#pipeline.add(batch);
    this.#pipeline.checkpoint(() => this.#state.apply(fetch.patch));
    this.#fetches.continueAfter(fetch);
    this.#end = fetch.end;
    if (this.#pipeline.isSaveDue || this.#fetches.isSaveDue) await this.#save();
    this.display.show();
    // The host's queue is long: waiting here occupies no worker.
    if (fetch.waitMs !== undefined) await sleep(this.display.beginWait('a slot at the host', null, fetch.waitMs));
    this.display.endWait();
  }

  /**
   * Waits for everything in flight and saves how far the run came.
   * @throws ApplicationFailure if a write failed, or the counts do not add up
   */
  async settle(): Promise<void> {
    const isLast = this.isCombined && this.ended;
    await this.#settleAll(!isLast);
    // Before the last step it is not too late.
    if (isLast && CancellationScope.current().consideredCancelled) throw new CancelledFailure('the run was cancelled');
    const facts = { plan: this.#plan, tally: this.#tally, end: this.#end, isWindow: this.#window !== null };
    const failure = this.#pipeline.failure ?? verdictOf(this.#ref.source, facts);
    if (failure) throw workflowFailure(failure);
  }

  /** Stores the receipt and returns it. */
  async finish(): Promise<Receipt> {
    const receipt = receiptOf(this.#report, this.#end, this.#goesOn);
    if (this.#end?.cutShort) logCutShort(receipt);
    const settled = settledState(this.#state.current, this.#plan.id);
    const state = this.isCombined ? noteRejected(settled, this.#plan, deadLetters(receipt)) : settled;
    if (state !== this.#state.current) {
      this.#state.apply({ ...state, failures: null });
      if (!this.isCombined) await this.#state.save(false);
    }
    return this.#conclude(receipt);
  }

  /** An activity has ended the run; its receipt is stored or noted. */
  endedWith(receipt: Receipt): void {
    this.#fetched = addFetch(emptyTally, receipt);
    this.#pipeline.finishedWith(receipt);
    this.#state.apply({ watermark: receipt.resume.watermark });
    this.#warnings = receipt.warnings ?? [];
    this.display.enter('finished');
  }

  /** Settles what was fetched, stores the receipt of a failed run and returns it. */
  async fail(error: RunFailure): Promise<FailedReceipt> {
    // A cancellation shows nothing about the source.
    if (error.type !== 'Cancelled') this.#state.noteFailure(error);
    const settled = () => {
      const { unfinished } = this.#state.current;
      const place = positionAfterFailure(this.#begun, unfinished, error.type);
      if (place !== unfinished) this.#state.apply({ unfinished: place });
    };
    await this.#fetches.abandon();
    await this.#settleAll(!this.isCombined, settled);
    return this.#conclude(failedReceiptOf(this.#report, error));
  }

  /** The last step. */
  async #conclude<R extends Receipt | FailedReceipt>(receipt: R): Promise<R> {
    this.display.enter('finished');
    const verdicts = this.#judge(receipt);
    if (!this.isCombined) return saveReceipt(receipt, verdicts, this.#window, this.#pollFacts);
    const end = receipt.outcome === 'failed' ? null : this.#end;
    return finishRun(receipt, verdicts, this.#window, this.#pollFacts, {
      ...this.#state.ending(end, !this.#force),
      clean: this.#isPollOver,
      release: this.#pipeline.takeSettled(),
      again: this.#again,
    });
  }

  /** The same run with another plan: settled counts stay, the poll begins as the state says. */
  plannedAgain(resolved: Pick<RunSnapshot, 'plan' | 'state' | 'searchAttribute' | 'warnings'>): Run {
    const { unfinished } = resolved.state;
    const warnings = addWarnings(this.#warnings, resolved.warnings ?? []);
    const planned = { ...resolved, position: null, goesOn: unfinished !== null, begun: unfinished };
    const run = new Run(this.#ref, this.#pause, { ...this.carry(), ...planned, warnings });
    run.#fetches.replanned();
    return run;
  }

  carry(): RunSnapshot {
    return {
      plan: this.#plan,
      state: this.#state.current,
      searchAttribute: this.#searchAttribute,
      ...this.#fetches.place,
      ...(this.isCombined ? { combined: { tally: this.#tally, again: this.#again } } : { tally: this.#tally }),
      startedAt: this.#startedAt,
      goesOn: this.#goesOn,
      begun: this.#begun,
      ...(this.#force ? { force: true } : {}),
      ...(this.#window ? { window: this.#window } : {}),
      ...(this.#warnings.length > 0 ? { warnings: this.#warnings } : {}),
      pause: this.#pause.current,
    };
  }

  get #soFar(): RunSoFar {
    const [{ inFlight }, { watermark }] = [this.#pipeline, this.#state.current];
    return { tally: this.#tally, inFlight, watermark, warnings: this.#warnings };
  }

  get #pollFacts(): PollFacts {
    return { epoch: this.#state.current.epoch ?? 0, end: this.#end };
  }

  get #tally(): Tally {
    return { ...this.#fetched, ...this.#pipeline.counts };
  }

  /**
   * Waits for everything in flight.
   * @param settled changes the state then
   * @param isSaved whether the state is saved here: the last step of a combined run saves it itself
   */
  async #settleAll(isSaved: boolean, settled?: () => void): Promise<void> {
    this.display.enter('writing');
    await this.#pipeline.drain();
    settled?.();
    if (isSaved) await this.#save();
    else this.#noteSettled();
  }

  /** Notes in the state what the sinks have said. */
  #noteSettled(): void {
    if (this.#plan.expect.maxStalenessMs !== null) this.#state.noteNews(this.#pipeline.counts.postgres.written);
    this.#state.markSinks(this.#pipeline.sinksUp, this.#pipeline.sinksDown);
  }

  get #isPollOver(): boolean {
    return this.#end !== null && this.#pipeline.failure === null;
  }

  async #save(): Promise<void> {
    this.#noteSettled();
    await this.#state.save(this.#isPollOver);
    const [{ source }, batches] = [this.#ref, this.#pipeline.takeSettled()];
    if (batches.length > 0) await storeActivities(source).releaseBatches({ source, batches });
  }

  #judge(receipt: Receipt | FailedReceipt): AlertVerdict[] {
    const { lastNewAt } = this.#state.current;
    const facts = { plan: this.#plan, lastNewAt, end: this.#end, isWindow: this.#window !== null };
    return alertsOf(receipt, { ...facts, deferredBecause: this.#pipeline.deferredBecause });
  }

  get #report(): RunReport {
    return {
      ref: this.#ref,
      tally: this.#tally,
      state: this.#state.current,
      startedAt: this.#startedAt,
      finishedAt: new Date(),
      window: this.#window,
      warnings: this.#warnings,
    };
  }
}
