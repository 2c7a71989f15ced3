import type { ForEachValues } from '../../domain/plan/for-each.ts';
import type { FanOutPosition } from '../../domain/state/fan-out.ts';
import type { FetchPosition } from '../../domain/state/fetch-position.ts';
import { keepKeys, patchAfter, startPosition, withoutPosition } from '../../domain/state/poll.ts';
import type { HttpPlan } from '../../domain/plan/source-plan.ts';
import { clearPollState, type SourceState } from '../../domain/state/source-state.ts';
import { widenWindow, type TimeRangeText } from '../../domain/time/backfill-windows.ts';
import type { Warning } from '../../domain/run/warning.ts';
import { countUnreadable } from '../../domain/state/unreadable-cursor.ts';
import type { Chain, ChainEnd, Chains } from '../../sources/fan-out/chain.ts';
import type { Collected } from '../../sources/collect/collect.ts';
import { carriedTexts, hiddenPatch, withPlace } from '../support/masked-position.ts';
import type { PositionMask } from '../support/position-mask.ts';
import { firstHttpPosition } from '../../sources/pagination/first-position.ts';
import { secretLost } from '../../sources/pagination/saved-position.ts';
import type { BlobStore } from '../../store/blobs/blob-store.ts';
import { emptyRoot, type FanOutRoot, type ValueState } from '../../store/fan-out/fan-out-root.ts';
import type { FanOutStore } from '../../store/fan-out/fan-out-store.ts';
import type { SeenKeys } from '../../store/run/seen-keys.ts';
import { storedProgress } from './stored-progress.ts';

export interface ValueChainsInput {
  readonly plan: HttpPlan;
  readonly forEach: ForEachValues;
  readonly state: SourceState;
  readonly fanOut: FanOutPosition;
  readonly inside: FetchPosition;
  /** A window of time that is requested; nothing is kept then. */
  readonly window: TimeRangeText | null;
  readonly store: BlobStore;
  readonly fanOutStore: FanOutStore;
  readonly pollKeys: SeenKeys;
  /** An address of a next page may hold a secret. */
  readonly mask: PositionMask;
}

/** Chains for values of the configuration: each has what the state of a source has. */
export class ValueChains implements Chains {
  readonly #input: ValueChainsInput;
  /** Of the blob that says what is known of the values; null = none does. */
  readonly #name: string | null;
  readonly #root: FanOutRoot;
  readonly #values: Record<string, ValueState>;
  #next: number;
  /** Alerts about the cursors of values. */
  paging: string | undefined;
  /** That positions of values could not be used; empty if all could. */
  lost: readonly Warning[] = [];

  private constructor(
    input: ValueChainsInput,
    { name, root }: { readonly name: string | null; readonly root: FanOutRoot },
    values: Record<string, ValueState>,
  ) {
    this.#input = input;
    this.#name = name;
    this.#root = root;
    this.#values = values;
    this.#next = input.fanOut.nextValue;
  }

  static async open(input: ValueChainsInput): Promise<ValueChains> {
    const { plan, fanOut, state, store, fanOutStore, window } = input;
    const found = window ? null : await fanOutStore.firstRoot(plan.name, [fanOut.progress, state.fanOut]);
    const name = found || window ? null : await storedProgress(store, plan.name, state);
    const stored = found ?? (await fanOutStore.firstRoot(plan.name, [name]));
    const known = stored?.root.source === null ? stored : { name: null, root: emptyRoot(null) };
    const { root } = known;
    const values = Object.entries(root.values);
    // A run that has begun with such a state has dropped it already.
    const isCleared = state.fanOutCleared === true && (found === null || found.name !== fanOut.progress);
    const kept = isCleared ? values.map(([value, of]) => [value, cleared(of, state)] as const) : values;
    return new ValueChains(input, known, Object.fromEntries(kept));
  }

  async next(): Promise<Chain | null> {
    const { plan, forEach, fanOut, inside, window, pollKeys } = this.#input;
    const line = this.#next++;
    const value = forEach.values[line];
    if (value === undefined) return null;
    const place = { unit: 'values', part: '', line };
    const parent = JSON.stringify(value);
    const state = await this.#stateOf(parent);
    const now = new Date(fanOut.startedAt);
    const begun = state.unfinished?.failed === true ? withoutPosition(state) : state;
    const start = window
      ? windowStart(plan, state, window, now)
      : startPosition(firstHttpPosition(plan, begun, now), begun, now);
    const { knownBlobs } = fanOut.inside?.line === line ? inside : start;
    return {
      place,
      parent,
      state,
      start,
      front: window ? null : frontOf(plan, state, now),
      known: window ? null : () => pollKeys.read(plan.name, knownBlobs),
    };
  }

  async keep(_chain: Chain, { position, digests }: Collected): Promise<FetchPosition> {
    const { plan, pollKeys } = this.#input;
    const keeps = position.keysKept !== null && digests.length > 0;
    // Those that a state names are not deleted: others are written again.
    const named = [this.#root.values, this.#values].flatMap((values) => Object.values(values));
    const present = new Set(named.flatMap(({ previousPoll }) => previousPoll));
    const blob = keeps ? await pollKeys.write(plan.name, digests, [...present]) : null;
    return keepKeys(position, digests.length, blob);
  }

  async settle({ parent, state }: Chain, result: ChainEnd): Promise<void> {
    const { plan, window, mask } = this.#input;
    if (!result || window) return;
    const { position, end, patch } = result;
    const cursor = countUnreadable(plan.name, state, position, end);
    this.paging ??= cursor.alert.paging;
    const next = { ...state, ...patchAfter(state, position, end, patch), ...cursor.patch };
    this.#values[parent] = valueState(hiddenPatch(next, mask.hide));
  }

  /** Stores what is known of the values. @returns the name of the blob; null where none is kept */
  async save(): Promise<string | null> {
    const { plan, forEach, fanOutStore, window } = this.#input;
    if (window) return null;
    const names = new Set(forEach.values.map((value) => JSON.stringify(value)));
    const values = Object.fromEntries(Object.entries(this.#values).filter(([value]) => names.has(value)));
    const root = { ...this.#root, values };
    if (this.#name !== null && JSON.stringify(root) === JSON.stringify(this.#root)) return this.#name;
    return fanOutStore.write(plan.name, root);
  }

  async close(): Promise<void> {}

  /** A value without a state of its own begins where a command has put the source. */
  async #stateOf(parent: string): Promise<SourceState> {
    const { state, window, mask } = this.#input;
    const own = Object.hasOwn(this.#values, parent) ? this.#values[parent] : undefined;
    const isFirst = state.fanOut === undefined && this.#input.fanOut.progress === null;
    const fresh = { watermark: isFirst ? state.watermark : null, unfinished: null, etag: null, lastModified: null };
    const { unreadableCursor: _count, ...rest } = state;
    const of = window ? state : { ...rest, ...fresh, previousPoll: [], ...own };
    if (await mask.prepare(carriedTexts(null, of))) return withPlace(of, mask.reveal);
    this.lost = [secretLost];
    return withoutPosition(of);
  }
}

function windowStart(plan: HttpPlan, state: SourceState, window: TimeRangeText, now: Date): FetchPosition {
  const { from, to } = widenWindow(window, plan.incremental?.lagMs ?? 0);
  const place = { ...firstHttpPosition(plan, state, now), since: from, until: to };
  return { ...startPosition(place, state, now), keysKept: null };
}

function frontOf(plan: HttpPlan, state: SourceState, now: Date): FetchPosition {
  const known = withoutPosition(state);
  return startPosition(firstHttpPosition(plan, known, now), known, now);
}

function cleared(own: ValueState, state: SourceState): ValueState {
  return valueState(clearPollState({ ...state, ...own }));
}

function valueState({
  watermark,
  unfinished,
  etag,
  lastModified,
  previousPoll,
  unreadableCursor,
}: SourceState): ValueState {
  const count = unreadableCursor === undefined ? {} : { unreadableCursor };
  return { watermark, unfinished, etag, lastModified, previousPoll, ...count };
}
