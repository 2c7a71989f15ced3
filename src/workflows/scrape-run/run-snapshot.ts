import { workflowInfo } from '@temporalio/workflow';
import type { ExportProgress } from '../../domain/state/export-progress.ts';
import type { FetchPosition } from '../../domain/state/fetch-position.ts';
import { emptyTally, type Tally } from '../../domain/run/receipt.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { SourceState, UnfinishedPoll } from '../../domain/state/source-state.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import type { Pause } from '../../domain/run/pause.ts';

export interface CombinedRun {
  readonly tally: Tally;
  /** An attempt to end the run was lost or failed: it may have stored a receipt. */
  readonly again?: boolean;
}

/** What a segment of a run hands to the next one. No batch is in flight then. */
export interface RunSnapshot {
  readonly plan: SourcePlan;
  readonly state: SourceState;
  readonly searchAttribute: boolean;
  readonly position: FetchPosition | null;
  readonly nextNumber: number;
  /** The export that it waits for, or reads. Absent if the source has none, or it was not submitted yet. */
  readonly export?: ExportProgress;
  /** Absent where `combined` has it. */
  readonly tally?: Tally;
  readonly startedAt: string;
  readonly goesOn: boolean;
  /** The unfinished poll that the run continues. Absent in carries of 0.2.0. */
  readonly begun?: UnfinishedPoll | null;
  /** Someone asked for this run. */
  readonly force?: boolean;
  readonly window?: TimeRangeText;
  /** Absent if there is none. */
  readonly warnings?: readonly Warning[];
  readonly pause: Pause | null;
  /**
   * Set if a worker of this version began the run: its steps are the combined ones. It has the tally, so that a worker of 0.2.0, which
   * would take other steps, cannot continue the run.
   */
  readonly combined?: CombinedRun;
}

/** The tally of a run so far. */
export function tallyOf({ tally, combined }: Pick<RunSnapshot, 'tally' | 'combined'>): Tally {
  return combined?.tally ?? tally ?? emptyTally;
}

/** The snapshot of a new run. @param combined set where its steps are the combined ones */
export function initialSnapshot(
  resolved: Pick<RunSnapshot, 'plan' | 'state' | 'searchAttribute' | 'warnings'>,
  force: boolean,
  window: TimeRangeText | null,
  combined: Pick<CombinedRun, 'again'> | null,
): RunSnapshot {
  const { plan, state, searchAttribute, warnings = [] } = resolved;
  return {
    ...(force ? { force } : {}),
    ...(window ? { window } : {}),
    plan,
    state,
    searchAttribute,
    position: null,
    nextNumber: 0,
    ...(combined ? { combined: { ...combined, tally: emptyTally } } : { tally: emptyTally }),
    pause: null,
    startedAt: workflowInfo().startTime.toISOString(),
    goesOn: state.unfinished !== null,
    begun: state.unfinished,
    ...(warnings.length > 0 ? { warnings } : {}),
  };
}
