import { messageOf, SourceUnavailable } from '../../domain/errors.ts';
import type { FanOutPosition, ParentPlace } from '../../domain/state/fan-out.ts';
import type { FetchPosition, PollEnd } from '../../domain/state/fetch-position.ts';
import { latest } from '../../domain/state/poll.ts';
import { forEachOf } from '../../domain/plan/for-each.ts';
import type { HttpPlan } from '../../domain/plan/source-plan.ts';
import { collect, type Collected, type CollectLimits } from '../collect/collect.ts';
import type { SourceReader } from '../compute/source-reader.ts';
import type { Page } from '../extraction/page.ts';
import type { Answer } from '../http/fetch-document.ts';
import type { Chain, Chains } from './chain.ts';
import { ChainSum } from './chain-sum.ts';
import { ChainsAhead, type BegunChain } from './chains-ahead.ts';
import { copiedFields } from './copied-fields.ts';
import { keptParent } from './kept-parent.ts';
import { parentFailure } from './parent-failure.ts';

export interface ChainsInput {
  readonly plan: HttpPlan;
  readonly position: FetchPosition & { readonly fanOut: FanOutPosition };
  readonly chains: Chains;
  /** Requests the first page of a chain. */
  readonly ask: (chain: Chain) => Promise<Answer>;
  /** The pages of a chain from a position on. @param first the response for the first of them, if it was requested already */
  readonly open: (chain: Chain, position: FetchPosition, first: Promise<Answer> | null) => AsyncGenerator<Page>;
  readonly reader: SourceReader;
  readonly limits: CollectLimits;
  /** Nothing that fails now is tried again. */
  readonly lastAttempt: boolean;
  /** See `collect`. */
  readonly isRepeated: boolean;
}

/** What the chains of a fetch yielded together. */
export interface CollectedChains extends Pick<
  Collected,
  'counts' | 'accepted' | 'deadLetters' | 'duplicates' | 'notes' | 'warnings' | 'end'
> {
  readonly position: ChainsInput['position'];
  /** What concerns the source as a whole. */
  readonly patch: Pick<Collected['lastPatch'], 'dateOrder'>;
}

/** After so many parents in a row that the host did not answer for, or so long, it counts as unavailable. */
const maxUnanswered = 20;
const maxUnansweredMs = 30_000;

/** Reads the chains of parents until there is enough for a batch, or no further parent. */
export async function collectChains(input: ChainsInput): Promise<CollectedChains> {
  return new ChainCollection(input).run();
}

/** A chain without an answer on the last attempt. */
interface Unanswered {
  readonly chain: Chain;
  readonly error: unknown;
}

class ChainCollection {
  readonly #input: ChainsInput;
  readonly #ahead: ChainsAhead;
  readonly #sum = new ChainSum();
  readonly #startedMs = performance.now();
  readonly #unanswered: Unanswered[] = [];
  #position: ChainsInput['position'];
  #patch: CollectedChains['patch'] = {};
  #end: PollEnd | null = null;
  /** Whether this fetch has read anything that is to be stored before a failure is shown. */
  #isBegun = false;

  constructor(input: ChainsInput) {
    this.#input = input;
    this.#position = input.position;
    // A chain that was begun by an earlier fetch continues behind its first page.
    const isInside = ({ place }: Chain) => isAt(input.position.fanOut.inside, place);
    this.#ahead = new ChainsAhead(input.chains, input.plan.concurrency, (chain) =>
      isInside(chain) ? Promise.reject(new Error('continued elsewhere')) : input.ask(chain),
    );
  }

  async run(): Promise<CollectedChains> {
    for (;;) {
      if (this.#isFull && this.#isBegun) this.#ahead.stop();
      const begun = await this.#ahead.next();
      if (begun === null) break;
      if (!(await this.#read(begun))) return this.#result();
    }
    if (this.#ahead.isExhausted) await this.#finish();
    return this.#result();
  }

  get #isFull(): boolean {
    const { maxRecords, maxBytes, maxMs } = this.#input.limits;
    const { counts, bytes } = this.#sum;
    return counts.fetched >= maxRecords || bytes >= maxBytes || performance.now() - this.#startedMs >= maxMs;
  }

  /** @returns whether the next chain may be read */
  async #read({ chain, first }: BegunChain): Promise<boolean> {
    const { fanOut } = this.#position;
    const isContinued = isAt(fanOut.inside, chain.place);
    const { fanOut: _fanOut, ...inside } = this.#position;
    const { days, duplicates } = inside;
    let at: FetchPosition = isContinued ? inside : { ...chain.start, days, ...(duplicates ? { duplicates } : {}) };
    for (let answer = isContinued ? null : first; ; answer = null) {
      let collected: Collected;
      try {
        collected = await this.#collect(chain, at, answer);
      } catch (error) {
        return this.#failed(chain, at, error);
      }
      await this.#confirmUnanswered();
      this.#sum.add(collected);
      this.#isBegun = true;
      at = await this.#input.chains.keep(chain, collected);
      const { dateOrder } = collected.lastPatch;
      if (dateOrder) this.#patch = { dateOrder };
      const { end } = collected;
      if (end !== null && end.notBefore !== null) {
        this.#stopInside(chain, at);
        this.#end = { ...end, parents: fanOut.tally };
        return false;
      }
      if (end) {
        this.#rejectCut(chain, at.pages, end);
        await this.#over(chain, { position: at, end, patch: collected.lastPatch });
        return true;
      }
      if (!this.#isFull) continue;
      this.#stopInside(chain, at);
      return false;
    }
  }

  async #collect(chain: Chain, position: FetchPosition, first: Promise<Answer> | null): Promise<Collected> {
    const { plan, reader, limits, lastAttempt, isRepeated, open } = this.#input;
    const { counts, bytes } = this.#sum;
    return collect({
      plan,
      position,
      pages: open(chain, position, first),
      known: chain.known,
      reader,
      limits: {
        maxRecords: Math.max(1, limits.maxRecords - counts.fetched),
        maxBytes: Math.max(1, limits.maxBytes - bytes),
        maxMs: Math.max(0, limits.maxMs - (performance.now() - this.#startedMs)),
      },
      front: chain.front,
      lastAttempt: lastAttempt && !this.#isBegun,
      isRepeated,
      parent: copiedFields(plan, chain.parent),
    });
  }

  /** @returns whether the next chain may be read; false = what was read is stored first, and the next fetch meets the failure itself */
  async #failed(chain: Chain, at: FetchPosition, error: unknown): Promise<boolean> {
    const kind = parentFailure(error);
    const isRetried = kind !== 'parent' && (kind === 'run' || kind === 'busy' || !this.#input.lastAttempt);
    if (isRetried && !this.#isBegun) throw error;
    if (isRetried || (kind !== 'parent' && this.#isBegun)) {
      this.#stopInside(chain, at);
      return false;
    }
    if (kind !== 'unavailable') {
      await this.#confirmUnanswered();
      await this.#reject(chain, at.pages, error);
      return true;
    }
    this.#unanswered.push({ chain, error });
    const isLong = performance.now() - this.#startedMs > maxUnansweredMs;
    if (this.#unanswered.length >= maxUnanswered || (isLong && this.#unanswered.length > 1)) throw this.#unavailable();
    return true;
  }

  /** The host has answered for another parent: it was not down for those before. */
  async #confirmUnanswered(): Promise<void> {
    for (const { chain, error } of this.#unanswered.splice(0)) await this.#reject(chain, 0, error);
  }

  #unavailable(): SourceUnavailable {
    const [first] = this.#unanswered;
    const count = this.#unanswered.length;
    const found = count === 1 ? 'the only parent left' : `${count} parents in a row`;
    return new SourceUnavailable(
      `for_each: ${this.#input.plan.name}: found no answer for ${found}, so the host counts as unavailable, and no parent is passed: ${messageOf(first?.error)}; to pass parents that always fail, set on_response with action: fail`,
    );
  }

  /** The next run does not request a parent that this one has passed: what was not read of it needs a replay. Values continue. */
  #rejectCut(chain: Chain, pages: number, { cutShort, paging }: PollEnd): void {
    if (!cutShort || forEachOf(this.#input.plan)?.type !== 'source') return;
    const why = paging ?? 'max_pages ended its requests before the last page';
    this.#addFailed(chain, pages, `${why}; records behind that were not read: change the paginator, then replay this`);
  }

  async #reject(chain: Chain, pages: number, error: unknown): Promise<void> {
    this.#addFailed(chain, pages, messageOf(error).toWellFormed());
    this.#isBegun = true;
    await this.#over(chain, null);
  }

  #addFailed(chain: Chain, pages: number, message: string): void {
    this.#sum.addFailed({
      reason: 'parent_failed',
      message,
      at: new Date().toISOString(),
      page: pages + 1,
      index: 0,
      ...keptParent(this.#input.plan, chain.parent),
    });
  }

  async #over(chain: Chain, result: Parameters<Chains['settle']>[1]): Promise<void> {
    await this.#input.chains.settle(chain, result);
    const { onlyUnmodified, ...fanOut } = this.#position.fanOut;
    const { asked, failed } = fanOut.tally;
    const { end = null, position = this.#position } = result ?? {};
    // How often this chain began again says nothing about the next one.
    const { place: _place, restarts: _restarts, ...common } = this.#position;
    const paging = fanOut.paging ?? end?.paging;
    this.#position = {
      ...common,
      place: chain.start.place,
      days: position.days,
      ...(position.duplicates ? { duplicates: position.duplicates } : {}),
      watermark: latest(common.watermark, position.watermark),
      fanOut: {
        ...fanOut,
        inside: null,
        nextValue: chain.place.line + 1,
        tally: { asked: asked + 1, failed: failed + (result ? 0 : 1) },
        ...(end?.cutShort ? { cutShort: true as const } : {}),
        ...(paging === undefined ? {} : { paging }),
        ...(onlyUnmodified && end?.notModified ? { onlyUnmodified } : {}),
      },
    };
  }

  /** The chain continues with the next fetch. */
  #stopInside(chain: Chain, at: FetchPosition): void {
    const { fanOut, watermark, restarts } = this.#position;
    const { parent: _parent, ...place } = { parent: null, ...at.place };
    this.#position = {
      ...at,
      place,
      ...(restarts === undefined ? {} : { restarts }),
      watermark: latest(watermark, at.watermark),
      fanOut: { ...fanOut, inside: chain.place },
    };
  }

  async #finish(): Promise<void> {
    const { tally } = this.#position.fanOut;
    if (this.#unanswered.length > 0) {
      if (tally.asked === tally.failed) throw this.#unavailable();
      await this.#confirmUnanswered();
    }
    const { cutShort = false, paging, onlyUnmodified = false, tally: parents } = this.#position.fanOut;
    this.#end = {
      cutShort,
      notModified: onlyUnmodified,
      notBefore: null,
      ...(paging === undefined ? {} : { paging }),
      parents,
    };
  }

  #result(): CollectedChains {
    const { counts, accepted, deadLetters, duplicates, notes, warnings } = this.#sum;
    const collected = { counts, accepted, deadLetters, duplicates, notes, warnings };
    return { ...collected, position: this.#position, end: this.#end, patch: this.#patch };
  }
}

function isAt(inside: ParentPlace | null, { unit, part, line }: ParentPlace): boolean {
  return inside !== null && inside.unit === unit && inside.part === part && inside.line === line;
}
