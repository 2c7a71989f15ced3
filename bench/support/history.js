// What a run cost at Temporal, counted from its history.

/** A schedule's action counts two, the start of its workflow one. */
const actionsOfStart = 3;

/** What Temporal Cloud bills of a history. A child counts twice: it is asked for, and it starts. */
const actionsOf = {
  activityTaskScheduledEventAttributes: 1,
  timerStartedEventAttributes: 1,
  upsertWorkflowSearchAttributesEventAttributes: 1,
  markerRecordedEventAttributes: 1,
  workflowExecutionSignaledEventAttributes: 1,
  workflowExecutionUpdateAcceptedEventAttributes: 1,
  startChildWorkflowExecutionInitiatedEventAttributes: 2,
  workflowExecutionContinuedAsNewEventAttributes: 1,
};

/** The events of each segment of a run, from its first. */
export async function segmentsOf(client, workflowId, firstRunId) {
  const segments = [];
  for (let runId = firstRunId; runId;) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    segments.push(events);
    runId = events.at(-1).workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return segments;
}

/**
 * Counts a run by its events. Further attempts of an activity count: the history shows the number of the last one. It does not
 * show heartbeats and queries, which are billed, too.
 */
export function costOf(events) {
  const count = (name) => events.filter((event) => event[name]).length;
  const billed = Object.entries(actionsOf).reduce((total, [name, actions]) => total + actions * count(name), 0);
  const retries = events.reduce((total, event) => total + retriesOf(event), 0);
  return {
    events: events.length,
    activities: count('activityTaskScheduledEventAttributes'),
    actions: actionsOfStart + billed + retries,
    wallMs: timeOf(events.at(-1)) - timeOf(events[0]),
  };
}

function retriesOf({ activityTaskStartedEventAttributes: started }) {
  return started ? Math.max(0, started.attempt - 1) : 0;
}

/** Milliseconds since 1970, with a fraction. */
export function timeOf({ eventTime: { seconds, nanos } }) {
  return Number(seconds) * 1000 + (nanos ?? 0) / 1e6;
}
