import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { Tally } from '../domain/receipt.ts';
import type { Pause } from './pause.ts';

/** `{reason?, by?, until?}`; checked by hand, so the type promises nothing. */
export const pauseSignal = defineSignal<[payload?: unknown]>('pause');
/** `{by?}` */
export const resumeSignal = defineSignal<[payload?: unknown]>('resume');
export const progressQuery = defineQuery<Progress>('progress');

/** Where a run stands. */
export interface Progress {
  readonly source: string;
  readonly phase: 'starting' | 'fetching' | 'paused' | 'writing' | 'finished';
  readonly paused: Pause | null;
  /** Null until the source is resolved. */
  readonly counts: Tally | null;
  /** Batches that are being written. */
  readonly inFlight: number;
  readonly watermark: string | null;
}
