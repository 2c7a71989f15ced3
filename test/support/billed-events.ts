import type { WorkflowHandle } from '@temporalio/client';

/** The steps of a workflow that Temporal Cloud bills, besides its start: activities by their types, the others by their kinds. */
export async function billedEvents(handle: WorkflowHandle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap((event) => {
    if (event.timerStartedEventAttributes) return 'timer';
    if (event.upsertWorkflowSearchAttributesEventAttributes) return 'upsert';
    if (event.markerRecordedEventAttributes) return 'marker';
    if (event.workflowExecutionSignaledEventAttributes) return 'signal';
    return event.activityTaskScheduledEventAttributes?.activityType?.name ?? [];
  });
}
