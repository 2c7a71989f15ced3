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
interface PaginatorLimits {
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
}

export type PagingEnd = number | 'repeat';

export type PaginatorPlan =
  SinglePagePlan | PageNumberPlan | OffsetPlan | CursorPlan | JsonLinkPlan | HeaderLinkPlan | HtmlLinkPlan;

export interface SinglePagePlan extends PaginatorLimits {
  readonly type: 'single_page';
}

export interface PageNumberPlan extends PaginatorLimits {
  readonly type: 'page_number';
  readonly pageParam: string;
  readonly basePage: number;
  /** JMESPath to the number of pages. */
  readonly totalPath: string | null;
}

export interface OffsetPlan extends PaginatorLimits {
  readonly type: 'offset';
  readonly offsetParam: string;
  readonly limitParam: string;
  readonly limit: number;
  /** JMESPath to the number of records. */
  readonly totalPath: string | null;
}

export interface CursorPlan extends PaginatorLimits {
  readonly type: 'cursor';
  /** JMESPath to the cursor of the next page. */
  readonly cursorPath: string;
  readonly cursorParam: string;
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
  /** ISO time before the first watermark exists. */
  readonly initialValue: string | null;
  /** How far back behind the watermark each poll asks, in milliseconds. */
  readonly lagMs: number;
  /** Newest first: pages after one that is entirely known and older than the lag are not read. Absent = all are. */
  readonly order?: 'desc';
}

/** Retry policy of a fetch, in milliseconds. */
export interface BackoffPlan {
  readonly maxAttempts: number;
  readonly initialIntervalMs: number;
  readonly backoffCoefficient: number;
  readonly maxIntervalMs: number;
}

export type ResponseAction = 'retry' | 'fail' | 'ignore' | 'reauthenticate';

/** How to treat a response, overriding its status. */
export interface ResponseRule {
  /** Null = any. */
  readonly status: number | null;
  readonly bodyContains: string | null;
  readonly action: ResponseAction;
}
