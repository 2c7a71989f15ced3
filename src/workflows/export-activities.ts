import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { SourcePlan } from '../domain/plan/source-plan.ts';
import { fetchTimeoutMs } from '../domain/plan/large-bodies.ts';
import { heartbeatTimeout, onWorkersWith, priorityOf } from './activities.ts';
import { retryPolicy } from './support/retry-policy.ts';

/**
 * Requests about the job of an export follow the source's own policy. A submission is awaited when the run is cancelled: the id of the
 * job is needed to cancel it.
 */
export function exportActivities(plan: SourcePlan) {
  return proxyActivities<Pick<Activities, 'submitExport' | 'lookAtExport'>>({
    ...placeOf(plan),
    startToCloseTimeout: fetchTimeoutMs(plan),
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: retryPolicy(plan.retry),
  });
}

/** Cancelling a job spares the API work: it must not delay the end of a run for long. */
export function cancelExportActivities(plan: SourcePlan) {
  return proxyActivities<Pick<Activities, 'cancelExport'>>({
    ...placeOf(plan),
    startToCloseTimeout: '20s',
    scheduleToCloseTimeout: '1m',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumAttempts: 3 },
  });
}

function placeOf(plan: SourcePlan) {
  return {
    ...priorityOf(plan.name),
    heartbeatTimeout,
    ...(plan.runsOn === undefined ? {} : onWorkersWith(plan.runsOn)),
  };
}
