import type { Client, WorkflowHandle } from '@temporalio/client';
import { until } from './until.ts';

/** How long attempts then wait for each other, in nanoseconds. */
const nanos = 50_000_000;

/**
 * Lets an activity that has failed be tried again at once, as an operator does with `temporal activity update-options`: its
 * attempts count as always, only the time between them is short.
 * @param type of the activity; waits until it has failed once
 */
export async function retryQuickly(client: Client, handle: WorkflowHandle, type: string): Promise<void> {
  const id = await until(`${type} has failed`, async () => {
    const { pendingActivities } = (await handle.describe()).raw;
    return pendingActivities?.find(
      ({ activityType, attempt, lastFailure }) => activityType?.name === type && lastFailure && (attempt ?? 0) > 1,
    )?.activityId;
  });
  await client.workflowService.updateActivityOptions({
    namespace: client.options.namespace,
    execution: { workflowId: handle.workflowId },
    id,
    activityOptions: { retryPolicy: { initialInterval: { nanos }, maximumInterval: { nanos } } },
    updateMask: { paths: ['retryPolicy.initialInterval', 'retryPolicy.maximumInterval'] },
  });
}
