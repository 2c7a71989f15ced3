// A run without a schedule, on the queue of a product that has no instance.
import { randomUUID } from 'node:crypto';

export async function startRun(client, source) {
  const workflowId = `scrape-${source}-bench-${randomUUID()}`;
  return client.workflow.start('scrapeRun', { workflowId, taskQueue: 'daybook', args: [{ source }] });
}
