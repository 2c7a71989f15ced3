import { workflowInfo } from '@temporalio/workflow';
import type { FetchPosition } from '../domain/fetch.ts';
import { emptyTally, type Tally } from '../domain/receipt.ts';
import type { SourcePlan } from '../domain/source.ts';
import type { SourceState } from '../domain/state.ts';
import type { WindowText } from '../domain/windows.ts';
import type { Pause } from './pause.ts';

/** What a segment of a run hands to the next one. No batch is in flight then. */
export interface RunCarry {
  readonly plan: SourcePlan;
  readonly state: SourceState;
  readonly searchAttribute: boolean;
  readonly position: FetchPosition | null;
  readonly nextNumber: number;
  readonly tally: Tally;
  readonly startedAt: string;
  readonly goesOn: boolean;
  /** Someone asked for this run. */
  readonly force?: boolean;
  readonly window?: WindowText;
  readonly pause: Pause | null;
}

/** What a run is that has only now begun. */
export function freshCarry(
  resolved: Pick<RunCarry, 'plan' | 'state' | 'searchAttribute'>,
  force: boolean,
  window: WindowText | null,
): RunCarry {
  const { plan, state, searchAttribute } = resolved;
  return {
    ...(force ? { force } : {}),
    ...(window ? { window } : {}),
    ...{ plan, state, searchAttribute, position: null, nextNumber: 0, tally: emptyTally, pause: null },
    startedAt: workflowInfo().startTime.toISOString(),
    goesOn: state.unfinished !== null,
  };
}
