import type { FilePlace, HttpPlace, PollEnd, StatePatch } from '../domain/fetch.ts';
import type { Rejection } from '../domain/rejection.ts';
import type { RawRecord } from './extraction/extract-record.ts';

/** A record of a page, or what stands in its place and could not be read. */
export type PageItem =
  | { readonly index: number; readonly raw: RawRecord }
  | { readonly index: number; readonly rejection: Rejection; readonly recordText: string };

/** One response of a source, or a stretch of lines of a file. */
export interface Page {
  readonly items: readonly PageItem[];
  readonly fetchedAt: Date;
  /** Where the next page is; null where this was the last one. */
  readonly next: HttpPlace | FilePlace | null;
  /** What the state learns from this page, where the poll ends with it. */
  readonly patch: StatePatch;
  readonly end?: Partial<PollEnd>;
}

/** What adapters need from whoever runs them. */
export interface FetchContext {
  readonly signal: AbortSignal;
  /** Called as work goes on, with what a heartbeat may tell. */
  readonly onProgress: (details?: unknown) => void;
}
