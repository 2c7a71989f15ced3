import { SinkUnavailable } from '../../domain/errors.ts';
import type { JournalDay } from './journal-file.ts';

/** The steps of a sealing, in order; a kill between any two of them loses nothing. */
export type SealStep = 'merged' | 'manifest in place' | 'sealed in place' | 'part deleted';

export interface SealContext {
  readonly signal: AbortSignal;
  readonly onProgress: (
    details: { readonly step: SealStep } | { readonly rows: number } | { readonly waitsFor: string },
  ) => void;
  /** Fails at once if another process works on the source. @default false */
  readonly impatient?: boolean;
  /** Whether the parts of a day may be merged: asked of just those that would be. @default true */
  readonly mayMerge?: (day: JournalDay) => Promise<boolean>;
}

/** Another process works on the sealed days of a source. */
export class JournalBusy extends SinkUnavailable {}
