import type { FetchPosition, HttpPosition, PollEnd, SavedPosition, StatePatch } from './fetch-position.ts';
import type { SourceState, UnfinishedPoll } from './source-state.ts';

/** Maximum number of records whose keys are kept so that the next poll knows what is unchanged; beyond it the ledger alone decides. */
export const maxKeysKept = 100_000;

/** The beginning of a poll at a position. */
export function startPosition(place: FetchPosition['place'], state: SourceState, now: Date): FetchPosition {
  const { unfinished, previousPoll } = state;
  return {
    startedAt: unfinished && unfinished.isToken !== true ? startOfFirstPart(unfinished, now) : now.toISOString(),
    pages: 0,
    days: [],
    watermark: unfinished?.watermark ?? null,
    // A continued poll keeps the keys of its first part.
    keysKept: place.type === 'file' ? null : unfinished ? unfinished.keysKept : 0,
    keyBlobs: unfinished?.keyBlobs ?? [],
    knownBlobs: [...previousPoll, ...(unfinished?.keyBlobs ?? [])],
    ...(unfinished?.cuts ? { cuts: unfinished.cuts } : {}),
    ...(unfinished?.frontRepeated ? { frontRepeated: true as const } : {}),
    place,
  };
}

/** A state of 0.2.0 does not have it; what its poll had seen is from before it, or from its beginning. */
function startOfFirstPart({ startedAt, watermark }: UnfinishedPoll, now: Date): string {
  return startedAt ?? watermark ?? now.toISOString();
}

/** The state without the position where a poll stopped; the records it had read stay known. */
export function withoutPosition(state: SourceState): SourceState {
  const { unfinished, previousPoll } = state;
  if (!unfinished) return state;
  return { ...state, unfinished: null, previousPoll: [...new Set([...previousPoll, ...unfinished.keyBlobs])] };
}

/** Failures of a run that concern the current page. */
const failuresOfPages: ReadonlySet<string> = new Set([
  'SourceUnavailable',
  'SourceRefused',
  'RobotsDisallowed',
  'PrivateAddress',
  'OverLimit',
  'TooCostly',
  'WrongShape',
  'UnreadableBody',
  'Timeout',
]);

/**
 * The unfinished poll in the state after a failed run. If it failed at the position where it had begun, the next run begins at the
 * front instead. If that run gets no further, the whole source is unavailable, and the position is tried again. A page that was
 * refused is likely to be refused forever: the next run reads what is new at the front before it tries again.
 */
export function positionAfterFailure(
  begun: UnfinishedPoll | null,
  now: UnfinishedPoll | null,
  failure: string,
): UnfinishedPoll | null {
  if (!now || !failuresOfPages.has(failure)) return now;
  const isFurther =
    !begun ||
    begun.page !== now.page ||
    begun.cursor !== now.cursor ||
    begun.skip !== now.skip ||
    begun.range?.part !== now.range?.part;
  if (isFurther) return failure === 'SourceRefused' && now.isToken !== true ? { ...now, front: true } : now;
  const { failed, ...rest } = now;
  return failed ? rest : { ...rest, failed: true };
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
  // The blob that the state names says which parents are done.
  if (position.fanOut) return end && end.notBefore !== null ? { notBefore: end.notBefore } : {};
  const unfinished = unfinishedAt(position);
  if (!end) return { ...lastPatch, unfinished };
  if (end.notBefore !== null) return { notBefore: end.notBefore, ...(position.pages > 0 ? { unfinished } : {}) };
  if (end.notModified && place.type !== 'file') return { notBefore: null };
  if (end.resumes && unfinished && place.type === 'http') {
    const { recentPages: seen, distinct = 0 } = place;
    const before = place.thenAt ? {} : { seen, distinct };
    return { ...lastPatch, notBefore: null, unfinished: { ...unfinished, ...before, front: true } };
  }
  return {
    ...lastPatch,
    notBefore: null,
    unfinished: end.keepsToken && place.type === 'http' ? nextTokenOf(place) : null,
    previousPoll: position.keyBlobs,
    ...(lastPatch.document
      ? { document: end.cutShort ? null : { ...lastPatch.document, poll: position.keyBlobs } }
      : {}),
    ...(end.cutShort ? {} : { watermark: latest(state.watermark, position.watermark) }),
  };
}

/** Where the next poll begins that continues with the last token. */
function nextTokenOf({ cursor, since, values }: HttpPosition): UnfinishedPoll | null {
  if (cursor === null) return null;
  return {
    page: 0,
    cursor,
    skip: 0,
    since,
    watermark: null,
    keysKept: 0,
    keyBlobs: [],
    isToken: true,
    ...(values ? { values } : {}),
  };
}

/** What a poll that stops here needs to continue; a file's own state says how far it was read. */
function unfinishedAt(position: FetchPosition): UnfinishedPoll | null {
  const { place, startedAt, watermark, keysKept, keyBlobs, cuts, frontRepeated } = position;
  if (place.type === 'file') return null;
  const { page, cursor, skip, total, distinct = 0, values, range, until } = place;
  const { overlaps, tail } = place.thenAt ?? place;
  return {
    page,
    cursor,
    skip,
    since: place.since,
    watermark,
    keysKept,
    keyBlobs,
    startedAt,
    ...(distinct > 0 ? { distinct } : {}),
    ...(cuts ? { cuts } : {}),
    ...(frontRepeated ? { frontRepeated } : {}),
    ...(total === undefined ? {} : { total }),
    ...(values ? { values } : {}),
    ...(range ? { range, ...(until === undefined ? {} : { until }) } : {}),
    ...(overlaps === true && tail ? { tail } : {}),
    ...(place.thenAt
      ? {
          ...savedAt(place.thenAt),
          front: true,
        }
      : {}),
  };
}

function savedAt({ overlaps: _overlaps, tail: _tail, ...place }: SavedPosition): Partial<UnfinishedPoll> {
  return place;
}

/** The later of two canonical times. */
export function latest(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return a > b ? a : b;
}

/**
 * Whether a poll continues one that did not fail. One that begins from scratch, because a command has changed the state, closes alerts
 * that no later poll may close.
 * @param begun the state that it began with
 */
export function isRoutine(begun: SourceState, end: PollEnd): boolean {
  const { failures, previousPoll, file, files, fanOut, fanOutCleared } = begun;
  const hasNoParents = fanOut === undefined || fanOutCleared === true;
  const isFromScratch =
    previousPoll.length === 0 && file === null && files === null && hasNoParents && !end.notModified;
  return !failures && !isFromScratch;
}
