import type { FailureStreak } from './failure-streak.ts';
import type { Sink } from './receipt.ts';

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
  /** Name of the blob that says how far each file of a glob was read; null where the source is none. */
  readonly files: string | null;
  /** Since when a sink has refused batches; cleared by the next successful write. */
  readonly sinkDownSince: Readonly<Partial<Record<Sink, string>>>;
  /** The source asked not to be called before this time. */
  readonly notBefore: string | null;
  /** Until then the source says that nothing changes; only a run by command asks all the same. */
  readonly freshUntil: string | null;
  /** When the source last brought a new record, or was first asked; null while nobody wants to know. */
  readonly lastNewAt: string | null;
  /** Absent or null after a run that did not fail. */
  readonly failures?: FailureStreak | null;
}

/** A poll that stopped before its end, to be continued. */
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
}

/** How far each file of a glob has been read, by its path relative to the configuration. */
export type FilesProgress = ReadonlyMap<string, FileProgress>;

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
  /**
   * When the file was changed last, in milliseconds. Absent where that was so shortly before it was read that a later
   * change may bear the same time.
   */
  readonly changedMs?: number;
  /** sha256 of all that the file holds, where it is read whole. */
  readonly contentHash?: string;
  /** The run that could not read it to its end, and how often it tried. */
  readonly failed?: { readonly run: string; readonly tries: number };
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

/** What tells whether a stored state still fits its source. */
export interface StateIdentity {
  readonly fetchFingerprint: string;
  readonly shapeFingerprint: string;
  /** Null = the database could not be asked. */
  readonly databaseId: string | null;
}

export function freshState(identity: StateIdentity, epoch = 0): SourceState {
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
    sinkDownSince: {},
    notBefore: null,
    freshUntil: null,
    lastNewAt: null,
  };
}

/** Drops all that could hide a record from the next poll, but keeps the watermark. */
export function forgetPoll(state: SourceState): SourceState {
  return {
    ...state,
    ...{
      unfinished: null,
      etag: null,
      lastModified: null,
      previousPoll: [],
      file: null,
      files: null,
      freshUntil: null,
      failures: null,
    },
  };
}

/** Drops what lets a source say that nothing changed, and what lets a poll take a record for known; not how far it came. */
export function forgetAnswers(state: SourceState): SourceState {
  return { ...state, etag: null, lastModified: null, previousPoll: [], freshUntil: null };
}

/** Whether a stored value has the parts of a state: one that has not would stick a workflow. */
export function isSourceState(value: unknown): value is SourceState {
  if (!isObject(value) || value['version'] !== 1) return false;
  const isText = (name: string) => value[name] === null || typeof value[name] === 'string';
  const { fetchFingerprint, shapeFingerprint, previousPoll, unfinished, file, sinkDownSince, failures, epoch } = value;
  return (
    (epoch === undefined || (Number.isSafeInteger(epoch) && (epoch as number) > 0)) &&
    typeof fetchFingerprint === 'string' &&
    typeof shapeFingerprint === 'string' &&
    ['databaseId', 'watermark', 'etag', 'lastModified', 'files', 'notBefore', 'freshUntil', 'lastNewAt'].every(
      isText,
    ) &&
    Array.isArray(previousPoll) &&
    previousPoll.every((name) => typeof name === 'string') &&
    (unfinished === null || (isObject(unfinished) && typeof unfinished['page'] === 'number')) &&
    (file === null || (isObject(file) && typeof file['offset'] === 'number')) &&
    isObject(sinkDownSince) &&
    (failures === undefined || failures === null || (isObject(failures) && typeof failures['count'] === 'number'))
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
 * @param epoch of the stored state, or of what a command put in its place
 */
export function startingState(stored: SourceState | null, identity: StateIdentity, epoch = 0): StartingState {
  if (!stored) return { state: freshState(identity, epoch), changed: null };
  if (stored.fetchFingerprint !== identity.fetchFingerprint) {
    return { state: freshState(identity, epoch), changed: 'source' };
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
    ...(state.lastModified === null ? {} : { lastModified: state.lastModified }),
    ...(state.notBefore === null ? {} : { notBefore: state.notBefore }),
    ...(state.freshUntil === null ? {} : { freshUntil: state.freshUntil }),
    ...(Object.keys(state.sinkDownSince).length === 0 ? {} : { sinkDownSince: state.sinkDownSince }),
  };
}
