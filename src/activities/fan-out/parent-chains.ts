import { log } from '@temporalio/activity';
import type { FanOutPosition } from '../../domain/state/fan-out.ts';
import { revisitWindow } from '../../domain/state/fan-out.ts';
import type { ForEachSource } from '../../domain/plan/for-each.ts';
import { startPosition } from '../../domain/state/poll.ts';
import type { HttpPlan } from '../../domain/plan/source-plan.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import type { Chain, Chains } from '../../sources/fan-out/chain.ts';
import type { Collected } from '../../sources/collect/collect.ts';
import { firstHttpPosition } from '../../sources/pagination/first-position.ts';
import type { BlobStore } from '../../store/blobs/blob-store.ts';
import { FanOutProgress } from '../../store/fan-out/fan-out-progress.ts';
import type { FanOutStore } from '../../store/fan-out/fan-out-store.ts';
import { newParents, type ParentEvent, type ParentsInput } from '../../store/fan-out/journal-parents.ts';
import { parentsAgain, queuedParents } from '../../store/fan-out/other-parents.ts';
import type { Journal } from '../../store/journal/journal.ts';
import { storedProgress } from './stored-progress.ts';

export interface ParentChainsInput {
  readonly plan: HttpPlan;
  readonly forEach: ForEachSource;
  readonly state: SourceState;
  /** The run that asks. */
  readonly run: string;
  readonly fanOut: FanOutPosition;
  readonly store: BlobStore;
  readonly fanOutStore: FanOutStore;
  readonly journal: Journal;
  readonly onProgress: ParentsInput['onProgress'];
  /** How long parents may be passed over, one after the other, before the fetch ends. @default a minute */
  readonly maxReadMs?: number;
}

/** Well below the time limit of a fetch: millions of parents that come again are passed over in several ones. */
const defaultReadMs = 60_000;

/** Chains for the records of another source: what replays have queued, then what its journal has since the last run. */
export class ParentChains implements Chains {
  readonly #input: ParentChainsInput;
  readonly #progress: FanOutProgress;
  readonly #events: AsyncGenerator<ParentEvent>;
  /** What is noted, in order: each once all before it are done. */
  readonly #pending: { readonly chain: Chain | null; readonly done: () => void }[] = [];

  #hasAsked = false;
  /** When the first parent was found. */
  #sinceMs: number | null = null;
  isPaused = false;

  private constructor(input: ParentChainsInput, progress: FanOutProgress) {
    this.#input = input;
    this.#progress = progress;
    this.#events = eventsOf(input, progress);
  }

  static async open(input: ParentChainsInput): Promise<ParentChains> {
    const { plan, forEach, run, fanOut, state, store, fanOutStore } = input;
    const parents = forEach.source;
    const elsewhere = fanOut.progress === null ? null : await storedProgress(store, plan.name, state);
    const names = [fanOut.progress, state.fanOut, elsewhere].filter((name) => typeof name === 'string');
    const { progress, isLost } = await FanOutProgress.open(fanOutStore, plan.name, run, { names, parents });
    if (isLost)
      log.warn('Which parents are done is not known; all are requested again', { source: plan.name, parents });
    await progress.adopt(elsewhere);
    return new ParentChains(input, progress);
  }

  async next(): Promise<Chain | null> {
    for (;;) {
      const { value, done } = await this.#events.next();
      if (done) return null;
      const chain = value.parent && this.#chainOf(value.parent);
      this.#pending.push({ chain, done: value.done });
      if (chain) return chain;
      this.#noteDone();
      this.#sinceMs ??= performance.now();
      const { maxReadMs = defaultReadMs } = this.#input;
      // What is noted behind a chain that is not over would be read again.
      this.isPaused = this.#pending.length === 0 && performance.now() - this.#sinceMs >= maxReadMs;
      if (this.isPaused) return null;
    }
  }

  /** The ledger alone decides what is new: each parent has records of its own. */
  async keep(_chain: Chain, { position }: Collected) {
    return position;
  }

  async settle(chain: Chain): Promise<void> {
    if (this.#pending[0]?.chain !== chain) throw new TypeError('a chain was settled before an earlier one');
    this.#pending.shift()?.done();
    this.#noteDone();
    this.#hasAsked = true;
  }

  /** Stores which parents are done. @returns the name of the blob; null if none is */
  async save(isOver: boolean): Promise<string | null> {
    const { plan, state, store } = this.#input;
    // Another run may have ended meanwhile: the state of this one replaces its state.
    if (isOver && this.#hasAsked) await this.#progress.adopt(await storedProgress(store, plan.name, state));
    return this.#progress.save(isOver);
  }

  async close(): Promise<void> {
    await this.#events.return(undefined);
  }

  #noteDone(): void {
    while (this.#pending[0]?.chain === null) this.#pending.shift()?.done();
  }

  #chainOf({ place, text }: NonNullable<ParentEvent['parent']>): Chain {
    const { plan, state: stored, fanOut } = this.#input;
    const none = { watermark: null, unfinished: null, etag: null, lastModified: null, previousPoll: [] };
    const state = { ...stored, ...none };
    const now = new Date(fanOut.startedAt);
    const start = startPosition(firstHttpPosition(plan, state, now), state, now);
    return { place, parent: text, state, start: { ...start, keysKept: null }, front: null, known: null };
  }
}

async function* eventsOf(input: ParentChainsInput, progress: FanOutProgress): AsyncGenerator<ParentEvent> {
  const { plan, forEach, fanOut, store, journal, onProgress } = input;
  const { source: parents, revisitMs } = forEach;
  const { startedAt: until } = fanOut;
  const asked = { journal, parents, progress, until, revisits: revisitMs !== undefined, onProgress };
  yield* queuedParents(store, plan.name, progress);
  yield* newParents(asked);
  if (revisitMs !== undefined) yield* parentsAgain(asked, revisitWindow(until, revisitMs));
}
