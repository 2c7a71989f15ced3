import type { FetchPosition, PollEnd, StatePatch } from './fetch.ts';
import type { SourceState, UnfinishedPoll } from './state.ts';

/** Most records whose keys are kept to tell the next poll what is unchanged; beyond it the ledger alone decides. */
export const maxKeysKept = 100_000;

/** The beginning of a poll at a place. */
export function startPosition(place: FetchPosition['place'], state: SourceState, now: Date): FetchPosition {
  return {
    startedAt: now.toISOString(),
    pages: 0,
    days: [],
    watermark: state.unfinished?.watermark ?? null,
    // A poll that goes on keeps the keys of its first part.
    keysKept: place.type === 'file' ? null : state.unfinished ? state.unfinished.keysKept : 0,
    keyBlobs: state.unfinished?.keyBlobs ?? [],
    knownBlobs: [...state.previousPoll, ...(state.unfinished?.keyBlobs ?? [])],
    place,
  };
}

/** Adds a blob of keys to the position; a poll of too many records keeps none. */
export function keepKeys(position: FetchPosition, count: number, blob: string | null): FetchPosition {
  if (position.keysKept === null) return position;
  const keysKept = position.keysKept + count;
  if (keysKept > maxKeysKept) return { ...position, keysKept: null, keyBlobs: [] };
  return { ...position, keysKept, keyBlobs: blob === null ? position.keyBlobs : [...position.keyBlobs, blob] };
}

/**
 * What the state becomes once everything up to the position is settled. The watermark moves only when the pagination has
 * reached its end: with newest-first pages a failure on page 3 must not skip pages 3 and on.
 */
export function patchAfter(
  state: SourceState,
  position: FetchPosition,
  end: PollEnd | null,
  lastPatch: StatePatch,
): StatePatch {
  const { place } = position;
  const unfinished = unfinishedAt(position);
  if (!end) return { ...lastPatch, unfinished };
  if (end.notBefore !== null) return { notBefore: end.notBefore, ...(position.pages > 0 ? { unfinished } : {}) };
  if (end.notModified && place.type !== 'file') return { notBefore: null };
  return {
    ...lastPatch,
    notBefore: null,
    unfinished: null,
    previousPoll: position.keyBlobs,
    ...(end.cutShort ? {} : { watermark: latest(state.watermark, position.watermark) }),
  };
}

/** What a poll that stops here needs to go on; a file knows by itself how far it was read. */
function unfinishedAt({ place, watermark, keysKept, keyBlobs }: FetchPosition): UnfinishedPoll | null {
  if (place.type === 'file') return null;
  const { page, cursor, skip, since } = place;
  return { page, cursor, skip, since, watermark, keysKept, keyBlobs };
}

/** The later of two canonical times. */
export function latest(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return a > b ? a : b;
}
