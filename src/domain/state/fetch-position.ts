import type { FanOutPosition, ParentTally } from './fan-out.ts';
import type { FieldTally } from '../run/field-tally.ts';
import type { DayRanges } from '../time/day-set.ts';
import type { BodyPosition } from './body-position.ts';
import type { PollRange, RequestValues } from './request-values.ts';
import type { FileProgress } from './file-progress.ts';
import type { Cuts, SourceState } from './source-state.ts';

/** The position of a poll between two fetches. Workflows pass it on without looking inside. */
export interface FetchPosition {
  /** Start of the poll, of its first part where it has several: the watermark never passes it. ISO 8601. */
  readonly startedAt: string;
  /** Pages fetched by this run. */
  readonly pages: number;
  readonly days: DayRanges;
  /** Polls before this one that `max_pages` cut. */
  readonly cuts?: Cuts;
  /** The furthest time seen, canonical text. */
  readonly watermark: string | null;
  /** Records whose keys this poll has kept so far; null = too many, none are kept. */
  readonly keysKept: number | null;
  /** Names of the blobs that hold them. */
  readonly keyBlobs: readonly string[];
  /** Names of the blobs of records that count as unchanged: those of the previous poll, and of this one's first part. */
  readonly knownBlobs: readonly string[];
  readonly place: PagePosition;
  /** Different records with one id that this run has met; absent if there are none. */
  readonly duplicates?: DuplicateCounts;
  /** The page after the first was the first again: the poll may not have read everything. */
  readonly frontRepeated?: true;
  /** The records of the first page have no time at the cursor. */
  readonly unreadableCursor?: true;
  /** How often this run began its poll, or the chain of its present parent, again, because its position named a secret that was not held any more. */
  readonly restarts?: number;
  /** Which fields the records of this run have; absent if the source has none of its own. */
  readonly fields?: FieldTally;
  /** Of a source that is requested for each of several parents; the rest is about the chain of one of them. */
  readonly fanOut?: FanOutPosition;
}

/** Records that have their id in common with another one of their page. */
export interface DuplicateCounts {
  /** Those that are kept as dead letters. */
  readonly kept: number;
  /** The page with the largest share of them. */
  readonly worst: DuplicateShare;
}

export interface DuplicateShare {
  readonly duplicates: number;
  /** Different records of the page. */
  readonly records: number;
}

export type PagePosition = HttpPosition | FilePosition | ModulePosition;

export interface HttpPosition {
  readonly type: 'http';
  /** Number of the page to fetch, or its offset; pages that are named otherwise are counted. */
  readonly page: number;
  /** What names the page where that is not a number: a cursor, or its address. Null = the first. */
  readonly cursor: string | null;
  /** Items of the page that earlier fetches have processed. */
  readonly skip: number;
  /** Value of the start parameter, canonical time; null = none. */
  readonly since: string | null;
  /** Value of the end parameter, of a window. */
  readonly until?: string;
  /** The parts of a poll that asks for one stretch of time after the other; absent if it asks for all at once. */
  readonly range?: PollRange;
  /** What else the placeholders of its request stand for; absent if it has none. */
  readonly values?: RequestValues;
  /**
   * The parent that its requests are made for, as JSON text, so that numbers keep their digits. Only while pages are fetched: no position
   * of a workflow has it.
   */
  readonly parent?: string;
  /** Hashes of the last pages: a repeated one ends the loop. */
  readonly recentPages: readonly string[];
  /** Finds repeated page names, however long their cycle is. */
  readonly circle?: CycleDetector;
  /** Pages without records, one after the other, up to here. */
  readonly emptyPages?: number;
  /** Different pages that were read one after the other up to here. */
  readonly distinct?: number;
  /** Pages in a row, up to here, that had come before. */
  readonly repeated?: number;
  /** The ids of the last page, and on how many pages in a row they were. */
  readonly sameIds?: SameIds;
  /** The largest total given by a page of this poll. */
  readonly total?: number;
  /** Marks of the last ids that were read, where pages are numbered and a total ends them. */
  readonly lastIds?: readonly string[];
  /** The total has proved wrong in this poll. */
  readonly wrongTotal?: true;
  /** The page is requested only because a total cannot be trusted: it may be refused. */
  readonly doubtful?: true;
  /** It is where the next poll begins, with `resume: token`; this one ends before it. */
  readonly forNextPoll?: true;
  /** The position of an earlier poll, until its page has been read: if it cannot be read, the poll begins at the front. */
  readonly saved?: SavedPosition;
  /** Where the poll continues once it has read what is new at the front. */
  readonly thenAt?: SavedPosition;
  /**
   * The page is requested one record early: it should begin with the last record of the page before. False: this API has no such
   * pages, or no stable order.
   */
  readonly overlaps?: boolean;
  /** Hashes of the last records that were read, if pages overlap. */
  readonly tail?: readonly string[];
  /** The page is requested only to find out whether the API has pages that begin anywhere. */
  readonly probes?: true;
  readonly breaks?: Breaks;
  /** Which document of an export it belongs to. @default 0 */
  readonly document?: number;
  /** Set within a body that is read in stretches. */
  readonly body?: BodyPosition;
  /** A body changed while it was read: the next ones are copied first. */
  readonly copies?: true;
  /** The run has copies of bodies in the store. */
  readonly copied?: true;
}

/** Ids that were on one page after the other, whatever else their records hold. */
export interface SameIds {
  readonly mark: string;
  readonly pages: number;
  /** How many different ids there are. */
  readonly ids: number;
}

/** Pages of a poll that did not follow the ones before. */
export interface Breaks {
  /** Steps back since the poll last made progress. */
  readonly steps: number;
  /** How often no record read before was found, up to the front. */
  readonly restarts: number;
  /** The furthest page that followed. */
  readonly reached: number;
}

/** Names a page for a later poll. */
export interface SavedPosition extends Pick<
  HttpPosition,
  'page' | 'cursor' | 'skip' | 'distinct' | 'total' | 'overlaps' | 'tail' | 'values'
> {
  /** Hashes of the pages before it. */
  readonly seen?: readonly string[];
}

/**
 * Brent's algorithm: the name of one page is remembered, and replaced by a later one after 1, 2, 4, … pages. Once both are on a
 * cycle that is shorter than that, the name is seen again.
 */
export interface CycleDetector {
  readonly mark: string;
  readonly steps: number;
  readonly limit: number;
}

/** A module's own position: `cursor` is JSON text that its last page gave. */
export interface ModulePosition extends Omit<HttpPosition, 'type'> {
  readonly type: 'module';
}

export interface FilePosition extends Pick<
  FileProgress,
  'changedMs' | 'contentHash' | 'inode' | 'checkedMs' | 'nextBlock' | 'wholeFrom' | 'openRow'
> {
  readonly type: 'file';
  /** The file that is being read, relative to the configuration; of a glob, empty once its last file has been read. */
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
  /** Everything was compared and is unchanged: only the state is updated. @default false */
  readonly onlyChecked?: boolean;
  /** The file has not grown since a run left its unfinished last line waiting. */
  readonly stoodStill: boolean;
}

/** What a completed fetch changes in the state. */
export type StatePatch = Partial<
  Pick<
    SourceState,
    | 'watermark'
    | 'unfinished'
    | 'etag'
    | 'lastModified'
    | 'document'
    | 'previousPoll'
    | 'file'
    | 'files'
    | 'feedItems'
    | 'dateOrder'
    | 'unreadableCursor'
    | 'notBefore'
    | 'freshUntil'
    | 'lastNewAt'
    | 'failures'
    | 'fanOut'
    | 'fanOutCleared'
  >
>;

/** Why a poll is over. Absent fields: nothing of the kind. */
export interface PollEnd {
  /** It stopped before its end, at `max_pages` for example: the watermark stays. */
  readonly cutShort: boolean;
  /** 304, or a file without anything new. */
  readonly notModified: boolean;
  /** The source asked not to be called before this time. ISO 8601. */
  readonly notBefore: string | null;
  /** The run has copies of bodies in the store, which are no longer needed. */
  readonly copied?: true;
  /** Cut short on purpose: the next poll continues there. */
  readonly resumes?: true;
  /** The next poll begins with the last token of this one. */
  readonly keepsToken?: true;
  /** What is wrong with its paging, for an alert. */
  readonly paging?: string;
  /** The start time that it asked records for, canonical text; absent if it asked for all. */
  readonly since?: string;
  /** See `DuplicateCounts.worst`; absent if there is none. */
  readonly duplicates?: DuplicateShare;
  /** Parents that it was requested for; absent if the source has none. */
  readonly parents?: ParentTally;
}

/** How a paginator names the next page. */
export type NextPage = Pick<
  HttpPosition,
  'page' | 'cursor' | 'total' | 'doubtful' | 'forNextPoll' | 'values' | 'range' | 'until'
> & {
  /** Absent = that of the page before. */
  readonly since?: string | null;
};
