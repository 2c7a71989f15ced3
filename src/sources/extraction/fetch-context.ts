import type { SourceReader } from '../compute/source-reader.ts';

/** What adapters need from their caller. */
export interface FetchContext {
  readonly signal: AbortSignal;
  /** Does what the source's own configuration computes. */
  readonly reader: SourceReader;
  /** Called as work progresses, with the text for a heartbeat. */
  readonly onProgress: (details?: unknown) => void;
  /** Nothing that fails now is tried again. @default false */
  readonly lastAttempt?: boolean;
}
