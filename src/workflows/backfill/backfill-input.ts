import { workflowInfo } from '@temporalio/workflow';
import { isConcurrency, maxConcurrency } from '../../domain/time/backfill-request.ts';
import { sourceNamePattern } from '../../domain/plan/source-plan.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import type { Pause } from '../../domain/run/pause.ts';
import type { RunFailure } from '../../domain/run/run-failure.ts';
import { workflowFailure } from '../support/failure.ts';

export interface BackfillInput {
  readonly source: string;
  /** Windows that run at once. @default 2 */
  readonly concurrency?: number;
  /** What an earlier segment hands over. */
  readonly carry?: BackfillSnapshot;
}

/** The result of a backfill. */
export interface BackfillTally {
  readonly done: number;
  readonly written: number;
  /** In words; no more than 500 of them. */
  readonly failed: readonly FailedWindow[];
  readonly failedCount: number;
  /** Requests that could not be done; no more than 20 of them. */
  readonly refused?: readonly RunFailure[];
}

interface FailedWindow extends TimeRangeText {
  readonly error: RunFailure;
}

/** What a segment of a backfill hands to the next one. No window runs then. */
export interface BackfillSnapshot {
  readonly waiting: readonly TimeRangeText[];
  readonly tally: BackfillTally;
  readonly pause: Pause | null;
  readonly searchAttribute: boolean;
}

const defaultConcurrency = 2;

/** The input comes from command lines: anything but a source's name fails the workflow at once. */
export function checkedInput(
  input: unknown,
): Required<Omit<BackfillInput, 'carry'>> & { readonly carry: BackfillSnapshot | null } {
  const given = (typeof input === 'object' && input !== null ? input : {}) as Partial<BackfillInput>;
  const { source, concurrency = defaultConcurrency, carry = null } = given;
  const isName = typeof source === 'string' && sourceNamePattern.test(source);
  const isCarried = carry === null || workflowInfo().continuedFromExecutionRunId !== undefined;
  if (isName && isConcurrency(concurrency) && isCarried) return { source, concurrency, carry };
  throw workflowFailure({
    type: 'InvalidInput',
    message: `backfill: found input ${JSON.stringify(input)?.slice(0, 500)}, expected {"source": "<name>", "concurrency": 1 to ${maxConcurrency}}`,
  });
}
