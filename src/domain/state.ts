import type { Sink } from './receipt.ts';

/**
 * What a source remembers between runs: one small blob, `state/<source>.json`. Each field is a claim that stays true, so
 * a late write costs work, never data.
 */
export interface SourceState {
  readonly version: 1;
  readonly fetchFingerprint: string;
  readonly shapeFingerprint: string;
  /** The database that the records went to; null while it is unknown. */
  readonly databaseId: string | null;
  /** The furthest time seen, canonical text; moves only when a poll has reached its end. */
  readonly watermark: string | null;
  /** Where an unfinished poll goes on; null after a finished one. */
  readonly unfinished: UnfinishedPoll | null;
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** Names of the blobs that hold keys and content hashes of the previous poll. */
  readonly previousPoll: readonly string[];
  readonly file: FileProgress | null;
  /** Since when a sink has refused batches; cleared by the next successful write. */
  readonly sinkDownSince: Readonly<Partial<Record<Sink, string>>>;
  /** The source asked not to be called before this time. */
  readonly notBefore: string | null;
}

/** A poll that stopped before its end, to be continued. */
export interface UnfinishedPoll {
  readonly page: number;
  /** The start parameter that the poll was asked with. */
  readonly since: string | null;
  /** The furthest time seen so far. */
  readonly watermark: string | null;
  /** See `FetchPosition`. */
  readonly keysKept: number | null;
  readonly keyBlobs: readonly string[];
}

/** How far a file has been read. */
export interface FileProgress {
  /** Bytes read, of the decoded content. */
  readonly offset: number;
  /** Lines read. */
  readonly lines: number;
  /** Size of the file when it was read. */
  readonly size: number;
  /** sha256 of the first `headBytes` bytes of the file, at most 4 KiB. */
  readonly headBytes: number;
  readonly headHash: string;
  /** Whether the run reached the end that the file had then. */
  readonly complete: boolean;
  /** Whether it left an unfinished last line to the next run. */
  readonly waitsForNewline: boolean;
}

/** The part of the state that receipts show as `resume`. */
export interface StateSummary {
  readonly watermark: string | null;
  readonly page?: number;
  readonly offset?: number;
  readonly etag?: string;
  readonly notBefore?: string;
}

/** What tells whether a stored state still fits its source. */
export interface StateIdentity {
  readonly fetchFingerprint: string;
  readonly shapeFingerprint: string;
  /** Null = the database could not be asked. */
  readonly databaseId: string | null;
}

export function freshState(identity: StateIdentity): SourceState {
  return {
    version: 1,
    ...identity,
    watermark: null,
    unfinished: null,
    etag: null,
    lastModified: null,
    previousPoll: [],
    file: null,
    sinkDownSince: {},
    notBefore: null,
  };
}

/** Drops all that could hide a record from the next poll, but keeps the watermark. */
export function forgetPoll(state: SourceState): SourceState {
  return { ...state, unfinished: null, etag: null, lastModified: null, previousPoll: [], file: null };
}

/** Whether a stored value has the parts of a state: one that has not would stick a workflow. */
export function isSourceState(value: unknown): value is SourceState {
  if (!isObject(value) || value['version'] !== 1) return false;
  const isText = (name: string) => value[name] === null || typeof value[name] === 'string';
  const { fetchFingerprint, shapeFingerprint, previousPoll, unfinished, file, sinkDownSince } = value;
  return (
    typeof fetchFingerprint === 'string' &&
    typeof shapeFingerprint === 'string' &&
    ['databaseId', 'watermark', 'etag', 'lastModified', 'notBefore'].every(isText) &&
    Array.isArray(previousPoll) &&
    previousPoll.every((name) => typeof name === 'string') &&
    (unfinished === null || (isObject(unfinished) && typeof unfinished['page'] === 'number')) &&
    (file === null || (isObject(file) && typeof file['offset'] === 'number')) &&
    isObject(sinkDownSince)
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface StartingState {
  readonly state: SourceState;
  /** What made the stored state unfit, for a warning; null where it fits or none was stored. */
  readonly changed: 'source' | 'record shape' | 'database' | null;
}

/**
 * The state a run starts from: afresh where the source asks something else than before; with the watermark alone where
 * it shapes records otherwise or the database is another one.
 */
export function startingState(stored: SourceState | null, identity: StateIdentity): StartingState {
  if (!stored) return { state: freshState(identity), changed: null };
  if (stored.fetchFingerprint !== identity.fetchFingerprint) {
    return { state: freshState(identity), changed: 'source' };
  }
  const databaseId = identity.databaseId ?? stored.databaseId;
  const current = { ...stored, shapeFingerprint: identity.shapeFingerprint, databaseId };
  if (stored.shapeFingerprint !== identity.shapeFingerprint) {
    return { state: forgetPoll(current), changed: 'record shape' };
  }
  if (stored.databaseId !== null && stored.databaseId !== databaseId) {
    return { state: forgetPoll(current), changed: 'database' };
  }
  return { state: current, changed: null };
}

export function summarizeState(state: SourceState): StateSummary {
  return {
    watermark: state.watermark,
    ...(state.unfinished ? { page: state.unfinished.page } : {}),
    ...(state.file ? { offset: state.file.offset } : {}),
    ...(state.etag === null ? {} : { etag: state.etag }),
    ...(state.notBefore === null ? {} : { notBefore: state.notBefore }),
  };
}
