import type { CheerioAPI } from 'cheerio';
import type { StatePatch, NextPage } from '../../domain/state/fetch-position.ts';
import type { CheckedWithDays, Selection } from './checked-page.ts';
import type { FieldTally } from '../../domain/run/field-tally.ts';
import type { DateOrder } from '../../domain/plan/plan-parts.ts';
import type { Unknown } from '../feeds/item-memory.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { HttpResponse } from '../http/http-client.ts';
import type { PageItem } from './page.ts';

/** A kind of document. */
export interface DocumentFormat {
  readonly accept: string;
  /** @throws DaybookError if the document is not of this kind */
  readonly read: (response: HttpResponse, fetchedAt: Date, options: ReadOptions) => Promise<ReadPage> | ReadPage;
}

export interface ReadOptions {
  /** The page that the response is. */
  readonly place: NextPage;
  /** @default all items are read */
  readonly selection?: Selection;
  /** @default nothing */
  readonly remembered?: Remembered;
}

/** What the source remembers of earlier documents. */
export interface Remembered {
  /** Text of a feed's `ItemMemory`; null = there is none. */
  readonly items: string | null;
  /** What a guid or link means that it does not know. */
  readonly unknown: Unknown;
  /** How it wrote dates of numbers last; null = no document has shown it. */
  readonly dateOrder: DateOrder | null;
}

/** What a format reads from a response. */
export interface ReadPage {
  readonly items: readonly PageItem[];
  /** Its records, if the format has already checked them. */
  readonly checked?: CheckedWithDays;
  /** The page after it, if the format has already found it. */
  readonly next?: NextPage | null;
  /** The poll cannot be complete, and ends with this page. */
  readonly problem?: Warning;
  /** The parsed page, for the paths of paginators; undefined if it is not one. */
  readonly value?: unknown;
  /** The page as HTML, for selectors of paginators. */
  readonly html?: CheerioAPI;
  /** It is XML, not a web page. @default false */
  readonly xml?: boolean;
  readonly patch?: StatePatch;
  /** The document was cut off: its items are used, and the poll is `partial`. */
  readonly broken?: string;
  readonly warnings?: readonly Warning[];
  /** Which fields its records have; absent if they have none of their own. */
  readonly fields?: FieldTally;
  /** The text of a feed's `ItemMemory` after this document. */
  readonly itemMemory?: string;
}
