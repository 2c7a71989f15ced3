import { until } from '../until.ts';
import { sources, type Trial } from './trial.ts';

/** How long Temporal may take to notice a killed worker, with a margin. */
const timeoutMs = 150_000;

/**
 * Lets a trial come to rest: nothing new is handed out, all that was is polled once more, the schedules are paused, and
 * every workflow has ended.
 * @param work is done while it rests; then it continues
 */
export async function atRest<T>(trial: Trial, work: () => Promise<T>): Promise<T> {
  const { served, client } = trial;
  served.freeze();
  const asked = served.polls;
  // The first may have begun before the freeze.
  await until('the API is polled to its end twice more', () => served.polls >= asked + 2, timeoutMs);
  await until('the file is read to its end', async () => (await readToEnd(trial)) || null, timeoutMs);
  const handles = sources.map((source) => client.schedule.getHandle(`scrape-${source}`));
  for (const handle of handles) await handle.pause('the trial rests');
  await until('no workflow is open', async () => (await openWorkflows(trial)).length === 0, timeoutMs);
  try {
    return await work();
  } finally {
    served.thaw();
    for (const handle of handles) await handle.unpause('the trial continues');
  }
}

async function openWorkflows({ client }: Trial): Promise<string[]> {
  const open: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query: `ExecutionStatus = 'Running'` }))
    open.push(workflowId);
  return open;
}

async function readToEnd(trial: Trial): Promise<boolean> {
  const [row] = await trial.sql<{ count: string | number }>(
    `select count(*) from raw_event_keys where source = 'file'`,
  );
  return Number(row?.count) === trial.served.file.valid.size;
}
