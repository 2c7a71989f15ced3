/** Formats of a time; any other string is a date-fns pattern. */
export const namedTimeFormats = ['iso8601', 'epoch_s', 'epoch_ms', 'rfc822'] as const;

/** In which order a date of numbers (`05/12/2024`) is written. */
export const dateOrders = ['dmy', 'mdy'] as const;
export type DateOrder = (typeof dateOrders)[number];

/** How a record's time is found and read. */
export interface TimePlan {
  /** JMESPath; null = no time in the record, `onMissing` decides. */
  readonly path: string | null;
  /** One of {@link namedTimeFormats} or a date-fns pattern. */
  readonly format: string;
  /** IANA zone of times that name none. */
  readonly timezone: string;
  readonly onMissing: 'reject' | 'fetched_at';
  /** Absent = each document shows it. */
  readonly dateOrder?: DateOrder;
}

/** What all paginators share. */
export interface PaginatorLimits {
  /** JMESPath to a value that says whether another page follows; null = not asked. */
  readonly hasMorePath: string | null;
  readonly stopAfterEmptyPage: boolean;
  /** The next-page information of an empty page counts too. Absent: `stopAfterEmptyPage` decides, as in plans of 0.2.0. */
  readonly followsEmptyPages?: true;
  /** Statuses of a page behind the first that are the end, and `repeat` for a page that repeats the one before. */
  readonly endOn?: readonly PagingEnd[];
  /** The last token of a poll begins the next one. */
  readonly resume?: 'token';
  /** Pages of one run; a run cut by it is `partial`. */
  readonly maxPages: number | null;
  /** JMESPaths that the request names in `${last:PATH}`: their values in the last record of a page are kept for the next request. */
  readonly lastPaths?: readonly string[];
}

export type PagingEnd = number | 'repeat';

export type PaginatorPlan =
  SinglePagePlan | PageNumberPlan | OffsetPlan | CursorPlan | KeysetPlan | JsonLinkPlan | HeaderLinkPlan | HtmlLinkPlan;

export interface SinglePagePlan extends PaginatorLimits {
  readonly type: 'single_page';
}

export interface PageNumberPlan extends PaginatorLimits {
  readonly type: 'page_number';
  /** Null = the request names `${page}`. */
  readonly pageParam: string | null;
  readonly basePage: number;
  /** JMESPath to the number of pages. */
  readonly totalPath: string | null;
  /** Header with the number of pages. */
  readonly totalHeader?: string;
  /** Records may move to earlier pages while these are read: each page is read once more after the one behind it. */
  readonly shifting?: true;
}

export interface OffsetPlan extends PaginatorLimits {
  readonly type: 'offset';
  /** Null = the request names `${offset}` or `${limit}`. */
  readonly offsetParam: string | null;
  readonly limitParam: string | null;
  readonly limit: number;
  /** The offset of the first record. @default 0 */
  readonly baseOffset?: number;
  /** JMESPath to the number of records. */
  readonly totalPath: string | null;
  /** Header with the number of records. */
  readonly totalHeader?: string;
  /** Where a page says the offset of the next one: a JMESPath, or a header. */
  readonly nextOffsetPath?: string;
  readonly nextOffsetHeader?: string;
  /** The API refuses to skip more: behind it the poll continues with the time of the last record. */
  readonly maxOffset?: number;
  readonly shifting?: true;
}

export interface CursorPlan extends PaginatorLimits {
  readonly type: 'cursor';
  /** JMESPath to the cursor of the next page; null = a header has it. */
  readonly cursorPath: string | null;
  readonly cursorHeader?: string;
  /** Null = the request names `${cursor}`. */
  readonly cursorParam: string | null;
}

/** Each page begins behind the last record of the one before, by a value that all are ordered by. */
export interface KeysetPlan extends PaginatorLimits {
  readonly type: 'keyset';
  /** JMESPath to that value in a record. */
  readonly key: string;
  /** Null = the request names `${last:…}`. */
  readonly keyParam: string | null;
}

export interface JsonLinkPlan extends PaginatorLimits {
  readonly type: 'json_link';
  /** JMESPath to the address of the next page. */
  readonly nextUrlPath: string;
}

/** The address of the next page is in the header `Link`, as `rel="next"`. */
export interface HeaderLinkPlan extends PaginatorLimits {
  readonly type: 'header_link';
}

export interface HtmlLinkPlan extends PaginatorLimits {
  readonly type: 'html_link';
  /** CSS selector of the link to the next page. */
  readonly selector: string;
}

export interface IncrementalPlan {
  /** JMESPath to the time in a record that the watermark follows. */
  readonly cursor: string;
  /** How the watermark is read from a record, and written into the parameter. */
  readonly format: string;
  /** How it is written into the parameter. @default format */
  readonly paramFormat?: string;
  /** Null = the API has no such parameter: records from before the watermark are skipped here. */
  readonly startParam: string | null;
  readonly endParam: string | null;
  /** The request names `${since}`: as it is, or with a format or shift of its own. */
  readonly sinceNamed?: 'plain' | 'changed';
  /** The request names `${until}`. */
  readonly untilNamed?: true;
  /** ISO time before the first watermark exists. */
  readonly initialValue: string | null;
  /** How far back behind the watermark each poll asks, in milliseconds. */
  readonly lagMs: number;
  /** A longer range is requested in parts of this length, in milliseconds. */
  readonly stepMs?: number;
  /** Newest first: pages after one that is entirely known and older than the lag are not read. Absent = all are. */
  readonly order?: 'desc';
}

/** Whether requests ask for records since a time; otherwise older ones are skipped here. */
export function asksSince({ startParam, sinceNamed }: IncrementalPlan): boolean {
  return startParam !== null || sinceNamed !== undefined;
}

/** Whether requests can ask for records up to a time. */
export function asksUntil({ endParam, untilNamed }: IncrementalPlan): boolean {
  return endParam !== null || untilNamed === true;
}

/** Retry policy of a fetch, in milliseconds. */
export interface BackoffPlan {
  readonly maxAttempts: number;
  readonly initialIntervalMs: number;
  readonly backoffCoefficient: number;
  readonly maxIntervalMs: number;
}

export type ResponseAction = 'retry' | 'fail' | 'ignore' | 'reauthenticate' | 'dead_letter';

/** How to treat a response, overriding its status. */
export interface ResponseRule {
  /** Null = any. */
  readonly status: number | null;
  readonly bodyContains: string | null;
  readonly action: ResponseAction;
}
