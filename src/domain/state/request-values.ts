/** A poll in parts, each with its own `since`. */
export interface PollRange {
  /** The `since` of the first part. */
  readonly from: string | null;
  /** End of the last part; absent = open. */
  readonly to?: string;
  /** Number of the present part, from 0. */
  readonly part: number;
}

/** What a template needs for its next request. */
export interface RequestValues {
  /** When the poll began, canonical time: `${now}` of all its pages. */
  readonly now?: string;
  /** Fields of the last record of the page before, by their path, as JSON text: numbers keep their digits. */
  readonly last?: Readonly<Record<string, string>>;
  /** The cursor is JSON text, because it is not a text itself. */
  readonly jsonCursor?: true;
}
