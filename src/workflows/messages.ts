import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { JournalReplayTally } from '../domain/storage/journal.ts';
import type { RebuildTally } from '../domain/storage/journal-rebuild.ts';
import type { Tally } from '../domain/run/receipt.ts';
import type { ReplayResult } from '../domain/dead-letters/dead-letter-replay.ts';
import type { Pause } from '../domain/run/pause.ts';

/** `{reason?, by?, until?}`; checked at run time, so the type guarantees nothing. */
export const pauseSignal = defineSignal<[payload?: unknown]>('pause');
/** `{by?}` */
export const resumeSignal = defineSignal<[payload?: unknown]>('resume');
/** `{from, to, step?, only?, concurrency?}`; checked by hand. */
export const backfillSignal = defineSignal<[payload?: unknown]>('backfill');
export const progressQuery = defineQuery<Progress>('progress');

/** The same name: a backfill answers in its own way. */
export const backfillProgressQuery = defineQuery<BackfillProgress>('progress');

/** The same name again: the result of a replay so far. */
export const replayProgressQuery = defineQuery<ReplayResult>('progress');
/** The same name for a replay. */
export const journalProgressQuery = defineQuery<JournalProgress>('progress');

/** The progress of a replay. */
export interface JournalProgress {
  readonly paused: Pause | null;
  /** Days and archives still to be read. */
  readonly left: number;
  /** Of units that are done. */
  readonly tally: JournalReplayTally;
}

/** The same name for a rebuild. */
export const rebuildProgressQuery = defineQuery<RebuildProgress>('progress');

/** The progress of a rebuild of the journal. */
export interface RebuildProgress {
  readonly paused: Pause | null;
  /** Sources still to be rebuilt. */
  readonly left: number;
  /** Of sources that are done. */
  readonly tally: RebuildTally;
}

/** The progress of a backfill. */
export interface BackfillProgress {
  readonly source: string;
  readonly paused: Pause | null;
  readonly windows: {
    readonly waiting: number;
    /** Names of the running ones. */
    readonly running: readonly string[];
    readonly done: number;
    readonly failed: number;
  };
  /** Rows that were new. */
  readonly written: number;
}

/** The progress of a run. */
export interface Progress {
  readonly source: string;
  readonly phase: 'starting' | 'backing off' | 'fetching' | 'paused' | 'writing' | 'finished';
  readonly paused: Pause | null;
  /** Null until the source is resolved. */
  readonly counts: Tally | null;
  /** Batches that are being written. */
  readonly inFlight: number;
  readonly watermark: string | null;
  /** What the workflow itself waits for, in words; null or absent if it does not. */
  readonly waits?: { readonly on: string; readonly reason: string | null; readonly until: string } | null;
}
