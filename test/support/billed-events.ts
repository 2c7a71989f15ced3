import type { WorkflowHandle } from '@temporalio/client';
import { temporal } from '@temporalio/proto';

const { EventType } = temporal.api.enums.v1;

const names = new Map<number | null | undefined, string>([
  [EventType.EVENT_TYPE_TIMER_STARTED, 'timer'],
  [EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES, 'upsert'],
  [EventType.EVENT_TYPE_MARKER_RECORDED, 'marker'],
  [EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED, 'signal'],
]);

/** The steps of a workflow that Temporal Cloud bills, besides its start: activities by their types, the others by their kinds. */
export async function billedEvents(handle: WorkflowHandle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(
    ({ eventType, activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityType?.name ?? names.get(eventType) ?? [],
  );
}
