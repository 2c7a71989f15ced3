// Runs as the product's own schedules start them: same arguments, memo and search attributes, but at a moment of the bench's choice.
import { randomUUID } from 'node:crypto';

/** What the schedule of each source starts, by source. The run that a new schedule begins with is awaited. */
export async function scheduledStarts(client) {
  const starts = new Map();
  for await (const { scheduleId } of client.schedule.list()) {
    const { action, info, raw } = await client.schedule.getHandle(scheduleId).describe();
    const [input] = action.args ?? [];
    if (!input?.source || action.workflowType !== 'scrapeRun') continue;
    starts.set(input.source, raw.schedule.action.startWorkflow);
    for (const { action: taken } of info.recentActions) {
      await client.workflow
        .getHandle(taken.workflow.workflowId)
        .result()
        .catch(() => undefined);
    }
  }
  return starts;
}

/** Starts what a schedule would, waits for its end, and returns where it is found and its result. */
export async function runScheduled(client, start) {
  const { workflowType, taskQueue, input, memo, header, searchAttributes, userMetadata } = start;
  const workflowId = `${start.workflowId}-bench-${randomUUID()}`;
  const { runId } = await client.workflowService.startWorkflowExecution({
    namespace: client.options.namespace,
    requestId: randomUUID(),
    workflowId,
    workflowType,
    taskQueue,
    input,
    memo,
    header,
    searchAttributes,
    userMetadata,
  });
  const result = await client.workflow.getHandle(workflowId).result();
  return { workflowId, runId, result };
}
