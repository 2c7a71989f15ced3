import {
  CancellationScope,
  CancelledFailure,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  condition,
  continueAsNew,
  executeChild,
  isCancellation,
  log,
  patched,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { BackfillRequest } from '../../domain/time/backfill-request.ts';
import { Instance } from '../../domain/instance.ts';
import { scrapeRunType } from '../../domain/names.ts';
import type { Receipt } from '../../domain/run/receipt.ts';
import { maxWindows, uncovered, windowName, type TimeRangeText } from '../../domain/time/backfill-windows.ts';
import { storeActivities } from '../activities.ts';
import { RequestQueue } from './request-queue.ts';
import { checkedInput, type BackfillSnapshot, type BackfillInput, type BackfillTally } from './backfill-input.ts';
import { backfillDetails } from './backfill-details.ts';
import { attributeForChild, setSourceAttribute } from '../support/search-attribute.ts';
import { backfillProgressQuery, type BackfillProgress } from '../messages.ts';
import { PauseState } from '../support/pause.ts';
import type { RunFailure } from '../../domain/run/run-failure.ts';
import { childFailureOf, failureOf, workflowFailure } from '../support/failure.ts';

/** A window that is already run by another workflow is checked again after this long. */
const busyMs = 30_000;
/** How many failures are kept in words. */
const maxFailures = 500;
/** Requests refused that are kept in words, and how many characters of each failure are. */
const maxRefused = 20;
const maxMessageLength = 300;
/** Beyond it, workflows that began with version 0.1.0 compare new windows one by one only. */
const maxComparedBefore = 2_000;
/** A source may by mistake ask for a longer pause than it needs. */
const maxLimitMs = 86_400_000;

/**
 * Fetches ranges of time again, window by window: each is a `scrapeRun` of its own, and the state of the source is not changed.
 * Requests arrive by the signal `backfill`; windows that wait or have run are not added twice.
 *
 * Id: `backfill-<source>`, started with its first signal. Ends when no window and no request is left; fails where windows
 * failed, after all others are done.
 */
export async function backfill(input: BackfillInput): Promise<BackfillTally> {
  const { source, concurrency, carry } = checkedInput(input);
  const work = new Backfill(source, concurrency, carry);
  try {
    await work.run();
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => work.settled());
    throw error;
  }
  if (work.isOver) {
    work.log();
    return work.result();
  }
  return continueAsNew<typeof backfill>({ source, concurrency: work.concurrency, carry: work.carry() });
}

class Backfill {
  readonly #source: string;
  #concurrency: number;
  readonly #inbox: RequestQueue;
  readonly #pause: PauseState;
  readonly #waiting: TimeRangeText[];
  readonly #running = new Map<string, { readonly window: TimeRangeText; readonly ended: Promise<void> }>();
  #tally: BackfillTally;
  #searchAttribute: boolean;
  /** Counts everything that may unblock the work. */
  #changes = 0;
  /** Whether a request came that could be read. */
  #wasAsked: boolean;
  /** One promise for as long as the pause lasts: each would leave a timer behind. */
  #resumed: Promise<void> | null = null;

  constructor(source: string, concurrency: number, carry: BackfillSnapshot | null) {
    this.#source = source;
    this.#concurrency = concurrency;
    this.#waiting = [...(carry?.waiting ?? [])];
    this.#wasAsked = carry !== null;
    this.#tally = carry?.tally ?? { done: 0, written: 0, failed: [], failedCount: 0 };
    this.#searchAttribute = carry?.searchAttribute ?? false;
    if (this.#searchAttribute) setSourceAttribute(source);
    this.#inbox = new RequestQueue(() => this.#changes++);
    // Signals that came first are delivered while the pause state is being created: there is nothing to show yet.
    this.#pause = new PauseState(carry?.pause ?? null, () => this.#changes++);
    setHandler(backfillProgressQuery, () => this.#progress());
    this.#show();
  }

  /** Windows that run at once. */
  get concurrency(): number {
    return this.#concurrency;
  }

  /** Whether everything requested has run. */
  get isOver(): boolean {
    return this.#inbox.isEmpty && this.#waiting.length === 0 && this.#running.size === 0;
  }

  /** Works until all is done, or the history has grown long. */
  async run(): Promise<void> {
    for (;;) {
      await this.#takeRequests();
      this.#show();
      const isLong = workflowInfo().continueAsNewSuggested;
      if (!isLong && !this.#pause.current) this.#startWindows();
      // Nothing is awaited between this check and the end.
      if (this.#running.size === 0 && (isLong || this.isOver) && this.#inbox.isEmpty) {
        // A new history would know nothing of it.
        if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('the backfill was cancelled');
        return;
      }
      const seen = this.#changes;
      const changed = condition(() => this.#changes !== seen);
      await (this.#pause.current ? Promise.race([changed, this.#untilResumed()]) : changed);
    }
  }

  #untilResumed(): Promise<void> {
    if (!patched('one-wait-for-resume')) return this.#pause.resumed();
    this.#resumed ??= this.#pause.resumed().finally(() => (this.#resumed = null));
    return this.#resumed;
  }

  /** Waits for running windows. */
  async settled(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  /** @throws ApplicationFailure if windows failed, or requests could not be done */
  result(): BackfillTally {
    // Beside a completed request, an unreadable one is ignored; alone it fails the backfill.
    if (!this.#wasAsked && this.#inbox.unreadable !== null && patched('unreadable-alone-fails')) {
      this.#refuse({ type: 'InvalidInput', message: `backfill: ${this.#inbox.unreadable}` });
      this.#show();
    }
    const { failed, failedCount, done, refused = [] } = this.#tally;
    if (failedCount === 0 && refused[0]) throw workflowFailure(refused[0], this.#tally);
    if (failedCount === 0) return this.#tally;
    const [first] = failed;
    const more = failedCount > 1 ? ` (and ${failedCount - 1} more)` : '';
    const message = `${failedCount} of ${done + failedCount} windows of ${this.#source} failed: ${first ? windowName(first) : ''}: ${first?.error.message}${more}; run them again with --only failed`;
    throw workflowFailure({ type: 'WindowsFailed', message }, this.#tally);
  }

  log(): void {
    const { done, written, failedCount } = this.#tally;
    log.info('Backfill finished', { source: this.#source, done, written, failed: failedCount });
  }

  carry(): BackfillSnapshot {
    return {
      waiting: this.#waiting,
      tally: this.#tally,
      pause: this.#pause.current,
      searchAttribute: this.#searchAttribute,
    };
  }

  async #takeRequests(): Promise<void> {
    for (let request = this.#inbox.take(); request; request = this.#inbox.take()) {
      if (this.#inbox.hasRepeated(request) && patched('repeated-requests-once')) this.#inbox.dropRepeated(request);
      await this.#take(request);
    }
  }

  async #take(request: BackfillRequest): Promise<void> {
    this.#wasAsked = true;
    if (request.concurrency !== undefined && patched('concurrency-by-request')) this.#concurrency = request.concurrency;
    try {
      // A running window received the pause itself, or was resumed since.
      const asksForPause = this.#waiting.length === 0 && this.#running.size === 0;
      const planned = await storeActivities(this.#source).planBackfill({ source: this.#source, request, asksForPause });
      if (planned.searchAttribute && !this.#searchAttribute) setSourceAttribute(this.#source);
      this.#searchAttribute ||= planned.searchAttribute;
      if (planned.paused && !this.#pause.current) this.#pause.set(planned.paused);
      this.#merge(planned.windows);
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.#refuse(failureOf(error, 'planBackfill'));
    }
    this.#show();
  }

  /** A failed request stops nothing else, and is reported at the end. */
  #refuse(failure: RunFailure): void {
    log.warn('Backfill request cannot be run', {
      source: this.#source,
      error: failure.message,
      errorType: failure.type,
    });
    const refused = [...(this.#tally.refused ?? []), shortened(failure)];
    this.#tally = { ...this.#tally, refused: refused.slice(0, maxRefused) };
  }

  /** Adds windows, but for those that wait or run already. A window that failed before is retried. */
  #merge(windows: readonly TimeRangeText[]): void {
    const pending = [...this.#waiting, ...[...this.#running.values()].map(({ window }) => window)];
    const names = new Set(pending.map(windowName));
    const others = windows.filter((window) => !names.has(windowName(window)));
    const isCompared = pending.length <= maxComparedBefore || patched('compare-all-windows');
    const fresh = isCompared ? uncovered(others, pending) : others;
    const count = pending.length + fresh.length;
    if (count > maxWindows && patched('at-most-windows')) {
      const message = `backfill: ${fresh.length} more windows would make ${count}, at most ${maxWindows} are allowed at a time; request them when some are done, or use a larger step`;
      return this.#refuse({ type: 'NotBackfillable', message });
    }
    const again = new Set(fresh.map(windowName));
    const failed = this.#tally.failed.filter((window) => !again.has(windowName(window)));
    const { failedCount } = this.#tally;
    this.#tally = { ...this.#tally, failed, failedCount: failedCount - (this.#tally.failed.length - failed.length) };
    for (const window of fresh) this.#waiting.push(window);
  }

  #startWindows(): void {
    while (this.#running.size < this.#concurrency) {
      const window = this.#waiting.shift();
      if (!window) return;
      const name = windowName(window);
      this.#running.set(name, { window, ended: this.#runWindow(window, name) });
    }
    this.#show();
  }

  /** Never rejects: a rejection while the workflow awaits something else would block it forever. */
  async #runWindow(window: TimeRangeText, name: string): Promise<void> {
    const source = this.#source;
    try {
      const receipt = (await executeChild(scrapeRunType, {
        workflowId: Instance.ofWorkflow(workflowInfo()).backfillWindowId(source, name),
        args: [{ source, window }],
        ...attributeForChild(source),
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
        priority: { priorityKey: 4, fairnessKey: source },
      })) as Receipt;
      const { done, written } = this.#tally;
      const isLimited = receipt.outcome === 'rate_limited' && patched('limited-windows-again');
      this.#tally = {
        ...this.#tally,
        done: isLimited ? done : done + 1,
        written: written + receipt.postgres.written,
      };
      if (isLimited) {
        // The source asked for a pause: nothing else of it runs in this slot meanwhile.
        await sleep(limitMs(receipt)).catch(() => undefined);
        this.#waiting.push(window);
      }
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) {
        // Another workflow runs it: it is checked again.
        await sleep(busyMs).catch(() => undefined);
        this.#waiting.push(window);
      } else if (!isCancellation(error) || !CancellationScope.current().consideredCancelled) {
        const { failed, failedCount } = this.#tally;
        const one = { ...window, error: shortened(childFailureOf(error)) };
        const failures = failed.length < maxFailures ? [...failed, one] : failed;
        this.#tally = { ...this.#tally, failed: failures, failedCount: failedCount + 1 };
      }
    }
    this.#running.delete(name);
    this.#changes++;
    this.#show();
  }

  #progress(): BackfillProgress {
    const { done, written, failedCount } = this.#tally;
    return {
      source: this.#source,
      paused: this.#pause.current,
      windows: { waiting: this.#waiting.length, running: [...this.#running.keys()], done, failed: failedCount },
      written,
    };
  }

  #show(): void {
    setCurrentDetails(backfillDetails(this.#progress(), this.#tally));
  }
}

/** Until when the source must not be called. */
function limitMs({ resume }: Receipt): number {
  const untilMs = resume.notBefore === undefined ? Number.NaN : Date.parse(resume.notBefore);
  return Math.min(maxLimitMs, Math.max(1_000, Number.isNaN(untilMs) ? busyMs : untilMs - Date.now()));
}

/** A history holds 2 MB a payload: thousands of failures must fit. */
function shortened({ type, message }: RunFailure): RunFailure {
  return { type, message: message.slice(0, maxMessageLength) };
}
