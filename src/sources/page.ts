import type { CheerioAPI } from 'cheerio';
import type { Place, PollEnd, StatePatch } from '../domain/fetch.ts';
import type { FilesProgress } from '../domain/state.ts';
import type { Rejection } from '../domain/rejection.ts';
import type { RawRecord } from './extraction/extract-record.ts';

/** A record of a page, or what stands in its place and could not be read. */
export type PageItem =
  | {
      readonly index: number;
      readonly raw: RawRecord;
      /** Fetches what a page of the item's own adds; called only for an item that was not so in the previous poll. */
      readonly complete?: () => Promise<PageItem>;
    }
  | { readonly index: number; readonly rejection: Rejection; readonly recordText: string };

/** One response of a source or a part of one, or a stretch of a file. */
export interface Page {
  readonly items: readonly PageItem[];
  readonly fetchedAt: Date;
  /** Where the next page is; null where this was the last one. */
  readonly next: Place | null;
  /** What the state learns from this page, where the poll ends with it. */
  readonly patch: StatePatch;
  readonly end?: Partial<PollEnd>;
  /** False for a further part of a page that was counted already. @default true */
  readonly counts?: boolean;
  /** How far the files of a glob have been read after this page. */
  readonly files?: FilesProgress;
  /** Something an operator should know, for the log. */
  readonly warning?: string;
}

/** What a format makes of a response. */
export interface ReadPage {
  readonly items: readonly PageItem[];
  /** The parsed page, for the paths of paginators; undefined where it is none. */
  readonly value?: unknown;
  /** The page as HTML, for selectors of paginators. */
  readonly html?: CheerioAPI;
  readonly patch?: StatePatch;
  /** The document broke off: what it held is taken, and the poll is `partial`. */
  readonly broken?: string;
}

/** What adapters need from whoever runs them. */
export interface FetchContext {
  readonly signal: AbortSignal;
  /** Called as work goes on, with what a heartbeat may tell. */
  readonly onProgress: (details?: unknown) => void;
  /** Nothing that fails now is tried again. @default false */
  readonly lastAttempt?: boolean;
}
