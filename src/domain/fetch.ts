import type { DayRanges } from './day-set.ts';
import type { SourceState } from './state.ts';

/**
 * Where a poll stands between two fetches. Workflows carry it without looking inside.
 */
export interface FetchPosition {
  /** Start of the poll: the watermark never passes it. ISO 8601. */
  readonly startedAt: string;
  /** Pages fetched by this run. */
  readonly pages: number;
  readonly days: DayRanges;
  /** The furthest time seen, canonical text. */
  readonly watermark: string | null;
  /** Records whose keys this poll has kept so far; null = too many, none are kept. */
  readonly keysKept: number | null;
  /** Names of the blobs that hold them. */
  readonly keyBlobs: readonly string[];
  /** Names of the blobs of records that count as unchanged: those of the previous poll, and of this one's first part. */
  readonly knownBlobs: readonly string[];
  readonly place: Place;
}

export type Place = HttpPlace | FilePlace | ModulePlace;

export interface HttpPlace {
  readonly type: 'http';
  /** Number of the page to fetch, or its offset; pages that are named otherwise are counted. */
  readonly page: number;
  /** What names the page where that is no number: a cursor, or its address. Null = the first. */
  readonly cursor: string | null;
  /** Items of the page that earlier fetches have taken. */
  readonly skip: number;
  /** Value of the start parameter, canonical time; null = none. */
  readonly since: string | null;
  /** Value of the end parameter, of a window. */
  readonly until?: string;
  /** Hashes of the last pages: one that comes again ends the loop. */
  readonly recentPages: readonly string[];
  /** Finds names of pages that come again, however long their circle is. */
  readonly circle?: Circle;
  /** Pages without records, one after the other, up to here. */
  readonly emptyPages?: number;
}

/**
 * Brent's algorithm: the name of one page is remembered, and replaced by a later one after 1, 2, 4, … pages. Once both lie on
 * a circle, and it is shorter than that, the name comes again.
 */
export interface Circle {
  readonly mark: string;
  readonly steps: number;
  readonly limit: number;
}

/** A module's own place: `cursor` is JSON text that its last page gave. */
export interface ModulePlace extends Omit<HttpPlace, 'type'> {
  readonly type: 'module';
}

export interface FilePlace {
  readonly type: 'file';
  /** The file that is being read, relative to the configuration; of a glob, empty where its last file lies behind. */
  readonly path: string;
  /** Name of the blob that says how far each file of a glob was read; null = none yet, or the source is a single file. */
  readonly files: string | null;
  /** Bytes of the decoded content read so far. */
  readonly offset: number;
  readonly lines: number;
  /** Size and first bytes of the file when the run reached it; no hash where the run has yet to look at it. */
  readonly size: number;
  readonly headBytes: number;
  readonly headHash: string;
  /** See `FileProgress`. */
  readonly changedMs?: number;
  readonly contentHash?: string;
  /** The file has not grown since a run left its unfinished last line waiting. */
  readonly stoodStill: boolean;
}

/** What a settled fetch changes in the state. */
export type StatePatch = Partial<
  Pick<
    SourceState,
    | 'watermark'
    | 'unfinished'
    | 'etag'
    | 'lastModified'
    | 'previousPoll'
    | 'file'
    | 'files'
    | 'notBefore'
    | 'freshUntil'
    | 'lastNewAt'
    | 'failures'
  >
>;

/** Why a poll is over. */
export interface PollEnd {
  /** Stopped at `max_pages` although more pages follow. */
  readonly cutShort: boolean;
  /** 304, or a file without anything new. */
  readonly notModified: boolean;
  /** The source asked to be left alone until then. ISO 8601. */
  readonly notBefore: string | null;
  /** The time since when it asked for records, canonical text; absent where it asked for all. */
  readonly since?: string;
}
