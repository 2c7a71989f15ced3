import { ActivityCancellationType, proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { canarySource } from '../domain/names.ts';
import { heartbeatTimeout, priorityOf } from './activities.ts';

/**
 * A canary is patient for half a minute (1 + 2 + 4 + 8 + 15 s): a restarting server is not worth an alert. Not longer: the next one
 * starts in five minutes.
 */
const canaryPolicy: ActivityOptions = {
  startToCloseTimeout: '30s',
  heartbeatTimeout,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '15s', maximumAttempts: 6 },
};

/** Both writes are those of any source, with the canary's retries. */
export function canaryActivities() {
  return proxyActivities<
    Pick<Activities, 'fetchCanary' | 'writeCsv' | 'writePostgres' | 'confirmCanary' | 'settleCanary'>
  >({ ...canaryPolicy, ...priorityOf(canarySource) });
}

/** @param isPatient false if a step has failed already: then it is tried once, and the next canary cleans up */
export function cleanCanaryActivities(isPatient: boolean) {
  const retry = isPatient ? {} : { retry: { maximumAttempts: 1 } };
  return proxyActivities<Pick<Activities, 'cleanCanary'>>({ ...canaryPolicy, ...priorityOf(canarySource), ...retry });
}
