import type { FetchPosition, PollEnd, StatePatch } from '../../domain/state/fetch-position.ts';
import { fanOutStart, type FanOutPosition } from '../../domain/state/fan-out.ts';
import type { ForEachPlan } from '../../domain/plan/for-each.ts';
import { latest, startPosition } from '../../domain/state/poll.ts';
import { addWarnings } from '../../domain/run/warning.ts';
import type { HttpPlan } from '../../domain/plan/source-plan.ts';
import { initialState, type SourceState } from '../../domain/state/source-state.ts';
import { askFirst, openChain } from '../../sources/fan-out/open-chain.ts';
import { collectChains, type CollectedChains } from '../../sources/fan-out/collect-chains.ts';
import type { CollectLimits } from '../../sources/collect/collect.ts';
import type { SourceReader } from '../../sources/compute/source-reader.ts';
import type { FetchContext } from '../../sources/extraction/fetch-context.ts';
import { formatOf, type Poll, type SourceTools } from '../../sources/open-source.ts';
import type { Uses } from '../support/dependencies.ts';
import type { PositionMask } from '../support/position-mask.ts';
import { ParentChains } from './parent-chains.ts';
import { ValueChains } from './value-chains.ts';

export type FanOutTools = Uses<'store' | 'fanOut' | 'journal' | 'pollKeys'>;

export type FanOutFetchPosition = FetchPosition & { readonly fanOut: FanOutPosition };

export interface FanOutFetch {
  readonly poll: Poll & { readonly plan: HttpPlan };
  readonly forEach: ForEachPlan;
  readonly position: FanOutFetchPosition;
  readonly tools: SourceTools;
  readonly context: Omit<FetchContext, 'reader'>;
  readonly reader: SourceReader;
  readonly limits: CollectLimits;
  readonly lastAttempt: boolean;
  readonly isRepeated: boolean;
  readonly mask: PositionMask;
}

/** What a fetch of chains brought; its position and patch name blobs that are stored. */
export interface FetchedChains extends CollectedChains {
  readonly statePatch: StatePatch;
}

/** Where the poll of a fan-out begins. */
export function beginFanOut(state: SourceState, now: Date): FanOutFetchPosition {
  const { fetchFingerprint, shapeFingerprint } = state;
  const none = initialState({ fetchFingerprint, shapeFingerprint, databaseId: null });
  const place = { type: 'http' as const, page: 0, cursor: null, skip: 0, since: null, recentPages: [] };
  return { ...startPosition(place, none, now), keysKept: null, fanOut: fanOutStart(now) };
}

/** The poll and position of a fan-out. @throws TypeError if they are not */
export function fanOutOf(poll: Poll, position: FetchPosition): Pick<FanOutFetch, 'poll' | 'position'> {
  const { plan } = poll;
  const { fanOut } = position;
  if (plan.type === 'file' || plan.type === 'module' || !fanOut) {
    throw new TypeError(`source ${plan.name} has a for_each, but its position of type ${position.place.type} has none`);
  }
  return { poll: { ...poll, plan }, position: { ...position, fanOut } };
}

/** Fetches the chains of the next parents, and stores which are done. */
export async function fetchChains(dependencies: FanOutTools, fetch: FanOutFetch): Promise<FetchedChains> {
  const { poll, position, tools, reader, limits, lastAttempt, isRepeated } = fetch;
  const { plan, state } = poll;
  const chains = await openChains(dependencies, fetch);
  const over = new AbortController();
  const context = { ...fetch.context, reader, signal: AbortSignal.any([fetch.context.signal, over.signal]) };
  const chainTools = { plan, format: formatOf(plan, state, tools, context), http: tools.http, context };
  try {
    const collected = await collectChains({
      plan,
      position,
      chains,
      ask: (chain) => askFirst(chainTools, chain),
      open: (chain, at, first) => openChain(chainTools, chain, at, first),
      reader,
      limits,
      lastAttempt,
      isRepeated,
    });
    const progress = await chains.save(collected.end !== null);
    const at = { ...collected.position, fanOut: { ...collected.position.fanOut, progress } };
    const end = collected.end && endOf(collected.end, chains);
    const warnings = 'lost' in chains ? addWarnings(chains.lost, collected.warnings) : collected.warnings;
    return { ...collected, warnings, position: at, end, statePatch: patchOf(state, at, end, collected.patch) };
  } finally {
    over.abort();
    await chains.close();
  }
}

function openChains(
  { store, fanOut: fanOutStore, journal, pollKeys }: FanOutTools,
  { poll, forEach, position, context, mask }: FanOutFetch,
): Promise<ParentChains | ValueChains> {
  const { plan, state, run, window } = poll;
  const { fanOut } = position;
  if (forEach.type === 'values') {
    const of = { plan, forEach, state, fanOut, inside: position, window };
    return ValueChains.open({ ...of, store, fanOutStore, pollKeys, mask });
  }
  const { onProgress } = context;
  return ParentChains.open({ plan, forEach, state, run, fanOut, store, fanOutStore, journal, onProgress });
}

function endOf(end: PollEnd, chains: ParentChains | ValueChains): PollEnd {
  if (!('paging' in chains) || chains.paging === undefined) return end;
  return { paging: chains.paging, ...end };
}

function patchOf(
  state: SourceState,
  { fanOut: { progress }, watermark }: FanOutFetchPosition,
  end: PollEnd | null,
  patch: CollectedChains['patch'],
): StatePatch {
  return {
    ...patch,
    ...(progress === null || progress === state.fanOut ? {} : { fanOut: progress }),
    ...(state.fanOutCleared === true ? { fanOutCleared: false } : {}),
    ...(end ? { notBefore: end.notBefore } : {}),
    ...(end && !end.cutShort && end.notBefore === null ? { watermark: latest(state.watermark, watermark) } : {}),
  };
}
