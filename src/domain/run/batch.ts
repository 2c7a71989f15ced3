/** The run that spools a batch: its part of every blob's path. */
export interface RunRef {
  readonly source: string;
  readonly workflowId: string;
  /** Run id of the first execution of the chain: the same after continue-as-new. */
  readonly firstRunId: string;
}

/** What workflows pass on instead of records. */
export interface BatchRef extends RunRef {
  /** Counts the batches of the run from 0. */
  readonly number: number;
  /** sha256 of run, number and content, in hex. */
  readonly hash: string;
  readonly records: number;
  readonly bytes: number;
  /**
   * The earliest time in it that a watermark follows, canonical text: a poll that begins there or before fetches all of it again.
   * Absent if some record has none, and in what 0.2.0 spooled.
   */
  readonly earliest?: string;
  /** When the batch was spooled; names its CSV part. ISO 8601, milliseconds. */
  readonly ingestedAt: string;
}
