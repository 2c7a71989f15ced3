import { alertsOfRun, alertsOfWindow, type AlertVerdict, type RunFacts } from '../monitoring/alert.ts';
import type { PollEnd } from '../state/fetch-position.ts';
import { deadLetters, exceedsFailedParents, exceedsRejectRatio, imbalance } from './receipt.ts';
import type { FailedReceipt, Receipt, Tally } from './receipt.ts';
import type { SourcePlan } from '../plan/source-plan.ts';
import type { RunFailure } from './run-failure.ts';

type AlertFacts = Pick<VerdictFacts, 'plan' | 'end' | 'isWindow'> & Pick<RunFacts, 'deferredBecause' | 'lastNewAt'>;

/** What is known of a run all of whose batches are stored. */
export interface VerdictFacts {
  readonly plan: SourcePlan;
  readonly tally: Tally;
  /** Null if the poll has not ended: only a run that has ended is judged. */
  readonly end: PollEnd | null;
  /** It fetched a window of a backfill. */
  readonly isWindow: boolean;
}

/** What a run says of its source's alerts. */
export function alertsOf(receipt: Receipt | FailedReceipt, facts: AlertFacts): AlertVerdict[] {
  const { plan, deferredBecause, lastNewAt, end, isWindow } = facts;
  if (isWindow) return alertsOfWindow({ receipt, deferredBecause });
  const { maxRejectRatio, allowEmpty, expect } = plan;
  const duplicates = end?.duplicates ?? null;
  return alertsOfRun({ receipt, maxRejectRatio, allowEmpty, expect, lastNewAt, deferredBecause, duplicates, end });
}

/** What makes a run fail although all its batches are stored. */
export function verdictOf(source: string, { plan, tally, end, isWindow }: VerdictFacts): RunFailure | null {
  if (!end) return null;
  const problem = imbalance(tally);
  if (problem !== null) return { type: 'ReceiptUnbalanced', message: `receipt: ${problem}` };
  if (isWindow && end.cutShort) {
    const byMaxPages = 'paginator.max_pages was reached; raise max_pages, or use a smaller --step';
    return { type: 'WindowIncomplete', message: `window: ${end.paging ?? byMaxPages}` };
  }
  const { maxRejectRatio } = plan;
  const { parents } = end;
  if (parents && exceedsFailedParents(parents, maxRejectRatio)) {
    const message = `${parents.failed} of ${parents.asked} parents failed, max_reject_ratio is ${maxRejectRatio}; see ./daybook dead-letters list --source ${source} --reason parent_failed`;
    return { type: 'TooManyRejects', message };
  }
  if (!exceedsRejectRatio(tally, maxRejectRatio, parents)) return null;
  const message = `${deadLetters(tally)} of ${tally.fetched} records were rejected, max_reject_ratio is ${maxRejectRatio}; see ./daybook dead-letters list --source ${source}`;
  return { type: 'TooManyRejects', message };
}
