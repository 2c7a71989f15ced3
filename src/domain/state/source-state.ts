import type { FileProgress } from './file-progress.ts';
import type { DateOrder } from '../plan/plan-parts.ts';
import type { FailureStreak } from './failure-backoff.ts';
import type { PollRange, RequestValues } from './request-values.ts';
import type { Sink } from '../run/sink.ts';

/**
 * What a source remembers between runs: one small blob, `state/<source>.json`. Each field is a claim that stays true, so
 * a late write costs work, never data.
 */
export interface SourceState {
  readonly version: 1;
  /**
   * Number of the latest change by a command that the state descends from; absent = none. A state of a lower number than the
   * newest change counts for nothing: see `store/states.ts`.
   */
  readonly epoch?: number;
  readonly fetchFingerprint: string;
  readonly shapeFingerprint: string;
  /**
   * The `id` that its records were stored by, until a run that did not fail has said that it is another one now. Null = which
   * one it was is not known; absent in states of earlier versions.
   */
  readonly id?: readonly string[] | null;
  /** The database that the records went to; null while it is unknown. */
  readonly databaseId: string | null;
  /** The furthest time seen, canonical text; moves only when a poll has reached its end. */
  readonly watermark: string | null;
  /** Where an unfinished poll continues; null after a finished one. */
  readonly unfinished: UnfinishedPoll | null;
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** The document that the last poll read to its end, of a source that is probed; absent or null = not known. */
  readonly document?: DocumentMark | null;
  /** Names of the blobs that hold keys and content hashes of the previous poll. */
  readonly previousPoll: readonly string[];
  readonly file: FileProgress | null;
  /** Name of the blob that says how far each file of a glob was read; null if the source is none. */
  readonly files: string | null;
  /**
   * Name of the blob that says which item of a feed each guid and link belongs to; null = none yet. Absent in states of 0.2.0,
   * which gave ids without it.
   */
  readonly feedItems?: string | null;
  /** Names the blob that says which parents of a `for_each` are done; absent = none is, or the source has none. */
  readonly fanOut?: string;
  /** What hides records from a poll is to be dropped in that blob, too. */
  readonly fanOutCleared?: boolean;
  /** How the source wrote dates of numbers last; absent = no document has shown it. */
  readonly dateOrder?: DateOrder;
  /** Polls one after the other in which no record had a time at the cursor; absent = none. */
  readonly unreadableCursor?: number;
  /** Since when a sink has refused batches; cleared by the next successful write. */
  readonly sinkDownSince: Readonly<Partial<Record<Sink, string>>>;
  /** The source asked not to be called before this time. */
  readonly notBefore: string | null;
  /** Until then the source says that nothing changes; only a run by command calls it anyway. */
  readonly freshUntil: string | null;
  /** When the source last had a new record, or was first polled; null while nothing needs it. */
  readonly lastNewAt: string | null;
  /** Absent or null after a run that did not fail. */
  readonly failures?: FailureStreak | null;
  /** When the run ended that saved this state, where its receipt was stored: unchanged polls after it leave none. Absent = unknown. */
  readonly receiptAt?: string;
}

/** How a later document is compared with one that was read. */
export interface DocumentMark {
  /** Of the decoded body, in hex. */
  readonly sha256: string;
  /** `previousPoll` at that time: a poll by 0.2.0, which keeps the hash, has another one. */
  readonly poll: readonly string[];
  /** The last poll made dead letters: each further poll reads the document again. */
  readonly rejected?: true;
}

/** A poll that stopped before its end and is to be continued, or the token with which the next one begins. */
export interface UnfinishedPoll {
  readonly page: number;
  /** See `HttpPlace`. */
  readonly cursor: string | null;
  readonly skip: number;
  /** The start parameter that the poll was asked with. */
  readonly since: string | null;
  /** The furthest time seen so far. */
  readonly watermark: string | null;
  /** See `FetchPosition`. */
  readonly keysKept: number | null;
  readonly keyBlobs: readonly string[];
  /** When its first part began: the watermark never passes it. Absent in states of 0.2.0. */
  readonly startedAt?: string;
  /** It was cut on purpose: what is new at the front is read before it continues. */
  readonly front?: true;
  /** Of the pages before a cut, see `SavedPlace`. */
  readonly seen?: readonly string[];
  /** See `HttpPlace`. */
  readonly distinct?: number;
  /** See `HttpPlace`. */
  readonly total?: number;
  readonly cuts?: Cuts;
  /** See `HttpPosition`. */
  readonly values?: RequestValues;
  /** See `HttpPosition`; `until` is that of the part. */
  readonly range?: PollRange;
  readonly until?: string;
  /** See `HttpPlace`; absent if the page there is not asked for so that it overlaps. */
  readonly tail?: readonly string[];
  /** See `FetchPosition`. */
  readonly frontRepeated?: true;
  /** The poll is over; the next one begins with its last token. */
  readonly isToken?: true;
  /** A run failed at this position with all attempts: the next one begins at the front. */
  readonly failed?: true;
}

/** How often polls were cut, one after the other, without getting further. */
export interface Cuts {
  readonly page: number;
  readonly times: number;
}

/** The part of the state that receipts show as `resume`. */
export interface StateSummary {
  readonly watermark: string | null;
  readonly page?: number;
  readonly offset?: number;
  readonly etag?: string;
  readonly lastModified?: string;
  readonly notBefore?: string;
  readonly freshUntil?: string;
  readonly sinkDownSince?: SourceState['sinkDownSince'];
}

/** The facts that decide whether a stored state still fits its source. */
export interface StateIdentity {
  readonly fetchFingerprint: string;
  readonly shapeFingerprint: string;
  /** Of the configuration. */
  readonly id?: readonly string[];
  /** Null = the database could not be asked. */
  readonly databaseId: string | null;
}

export function initialState(identity: StateIdentity, epoch = 0): SourceState {
  return {
    version: 1,
    ...(epoch === 0 ? {} : { epoch }),
    ...identity,
    watermark: null,
    unfinished: null,
    etag: null,
    lastModified: null,
    previousPoll: [],
    file: null,
    files: null,
    feedItems: null,
    sinkDownSince: {},
    notBefore: null,
    freshUntil: null,
    lastNewAt: null,
  };
}

/** Drops all that could hide a record from the next poll, but keeps the watermark. */
export function clearPollState(state: SourceState): SourceState {
  return { ...clearValidators(state), unfinished: null, file: null, files: null, failures: null };
}

/** Drops what lets a source answer "not modified", and what marks records as known; keeps the position. */
export function clearValidators(state: SourceState): SourceState {
  const { document, ...rest } = state;
  return {
    ...rest,
    ...(document === undefined ? {} : { document: null }),
    ...(rest.fanOut === undefined ? {} : { fanOutCleared: true }),
    etag: null,
    lastModified: null,
    previousPoll: [],
    freshUntil: null,
  };
}

export interface StartingState {
  readonly state: SourceState;
  /** What made the stored state unfit, for a warning; null if it fits or none was stored. */
  readonly changed: 'source' | 'record shape' | 'database' | null;
}

/**
 * The state a run starts from: from scratch where the source asks something else than before; with the watermark alone where it
 * shapes records otherwise or the database is another one.
 * @param epoch of the stored state, or of what a command put in its place
 */
export function startingState(stored: SourceState | null, identity: StateIdentity, epoch = 0): StartingState {
  if (!stored) return { state: initialState(identity, epoch), changed: null };
  if (stored.fetchFingerprint !== identity.fetchFingerprint) {
    return {
      state: { ...initialState(identity, epoch), ...itemsOf(stored), ...idOf(stored, identity) },
      changed: 'source',
    };
  }
  const databaseId = identity.databaseId ?? stored.databaseId;
  const { shapeFingerprint } = identity;
  const current = { ...stored, shapeFingerprint, databaseId, ...idOf(stored, identity) };
  if (stored.shapeFingerprint !== identity.shapeFingerprint) {
    return { state: clearPollState(current), changed: 'record shape' };
  }
  if (stored.databaseId !== null && stored.databaseId !== databaseId) {
    return { state: clearPollState(current), changed: 'database' };
  }
  return { state: current, changed: null };
}

/** Records keep the ids they were stored under, even if the items come from another address now. */
function itemsOf({ feedItems }: SourceState): Pick<SourceState, 'feedItems'> | null {
  return typeof feedItems === 'string' ? { feedItems } : null;
}

/** A failed run may have stored some records by the new `id`, and its warning may not have been read. */
function idOf(
  stored: Pick<SourceState, 'id' | 'shapeFingerprint'>,
  { id, shapeFingerprint }: StateIdentity,
): Pick<SourceState, 'id'> | null {
  if (stored.id !== undefined) return { id: stored.id };
  if (id === undefined) return null;
  return { id: stored.shapeFingerprint === shapeFingerprint ? id : null };
}

/** The state of a run whose warning has named the `id` it stored by. */
export function confirmId<State extends Pick<SourceState, 'id'>>(state: State, id: readonly string[]): State {
  return state.id === undefined || (state.id !== null && isSameId(state.id, id)) ? state : { ...state, id };
}

/** Whether two keys `id` of a source give the same ids. */
export function isSameId(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function summarizeState(state: SourceState): StateSummary {
  return {
    watermark: state.watermark,
    ...(state.unfinished && state.unfinished.isToken !== true ? { page: state.unfinished.page } : {}),
    ...(state.file ? { offset: state.file.offset } : {}),
    ...(state.etag === null ? {} : { etag: state.etag }),
    ...(state.lastModified === null ? {} : { lastModified: state.lastModified }),
    ...(state.notBefore === null ? {} : { notBefore: state.notBefore }),
    ...(state.freshUntil === null ? {} : { freshUntil: state.freshUntil }),
    ...(Object.keys(state.sinkDownSince).length === 0 ? {} : { sinkDownSince: state.sinkDownSince }),
  };
}
