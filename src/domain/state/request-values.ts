/** A poll in parts, each with its own `since`. */
export interface PollRange {
  /** The `since` of the first part. */
  readonly from: string | null;
  /** End of the last part; absent = open. */
  readonly to?: string;
  /** Number of the present part, from 0. */
  readonly part: number;
}

/** Where requests begin again so that a key or time at the end of a page is read to its end. */
export interface BoundCheck {
  /** Records of the largest page of this part so far. */
  readonly largest?: number;
  /** The API gives only what comes after the bound, and not what has the same key or time. */
  readonly exclusive?: true;
  /** The page before was only good to learn that: its records come again. */
  readonly stepsBack?: true;
  /** The page is the first after a bound: it should begin with what is at the bound. */
  readonly isAtBound?: true;
  /** What was before the bound on the same page: a cursor, or a time; absent = nothing. */
  readonly back?: Pick<RequestValues, 'last'> & { readonly bound: string };
}

/** What a template needs for its next request, and what is known of the pages before it. */
export interface RequestValues {
  /** When the poll began, canonical time: `${now}` of all its pages. */
  readonly now?: string;
  /** Fields of the last record of the page before, by their path, as JSON text: numbers keep their digits. */
  readonly last?: Readonly<Record<string, string>>;
  /** The cursor is JSON text, because it is not a text itself. */
  readonly jsonCursor?: true;
  /** The server gives the same cursor with each page, and counts the pages itself. */
  readonly scroll?: true;
  readonly boundCheck?: BoundCheck;
  /** Why the poll may have missed records: it ends `partial`. */
  readonly unproved?: string;
}
