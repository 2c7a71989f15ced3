import type { SourceReader } from '../compute/source-reader.ts';

/** What adapters need from whoever runs them. */
export interface FetchContext {
  readonly signal: AbortSignal;
  /** Does what the source's own configuration computes. */
  readonly reader: SourceReader;
  /** Called as work goes on, with what a heartbeat may tell. */
  readonly onProgress: (details?: unknown) => void;
  /** Nothing that fails now is tried again. @default false */
  readonly lastAttempt?: boolean;
}
