// How many scheduled polls began, and how late, as Temporal keeps it.
import { quantile, rounded } from '../support/statistics.js';

/** Descriptions of schedules that are asked for at once: each is a query to a workflow of the server. */
const concurrency = 8;

/** What was due between two times. */
export async function startsBetween(client, fromMs, toMs) {
  const { dueById, skipped, missed } = await fromSchedules(client);
  const delays = [];
  const ids = new Set();
  const range = `TemporalScheduledStartTime >= '${isoOf(fromMs)}' AND TemporalScheduledStartTime < '${isoOf(toMs)}'`;
  const query = `WorkflowType = 'scrapeRun' AND ${range}`;
  for await (const { startTime, workflowId } of client.workflow.list({ query, pageSize: 1_000 })) {
    // With jitter a start is due later than the schedule's own time, and a schedule knows that of its last ten starts only.
    const due = dueById.get(workflowId);
    if (due !== undefined) delays.push((startTime.getTime() - due.getTime()) / 1_000);
    ids.add(workflowId);
  }
  return {
    began: ids.size,
    due_known: delays.length,
    delay_p50_s: rounded(quantile(delays, 0.5), 3),
    delay_p99_s: rounded(quantile(delays, 0.99), 3),
    delay_max_s: rounded(quantile(delays, 1), 3),
    later_than_5_s: delays.filter((seconds) => seconds > 5).length,
    // Since the schedules were made.
    overlap_skips: skipped,
    missed_catchup_window: missed,
  };
}

async function fromSchedules(client) {
  const ids = [];
  for await (const { scheduleId } of client.schedule.list()) ids.push(scheduleId);
  const dueById = new Map();
  let skipped = 0;
  let missed = 0;
  const describeNext = async () => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      const { info } = await client.schedule.getHandle(id).describe();
      skipped += info.numActionsSkippedOverlap;
      missed += info.numActionsMissedCatchupWindow;
      for (const { action, scheduledAt } of info.recentActions) dueById.set(action.workflow.workflowId, scheduledAt);
    }
  };
  // All have ended before the connection is closed: what still retries then would hide why one failed.
  const ended = await Promise.allSettled(Array.from({ length: concurrency }, describeNext));
  const failed = ended.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  return { dueById, skipped, missed };
}

function isoOf(ms) {
  return new Date(ms).toISOString();
}
