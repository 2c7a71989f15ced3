import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { messageOf, UsageError } from '../../../domain/errors.ts';
import { rebuildJournalType } from '../../../domain/names.ts';
import type { RebuildSelection, RebuildTally } from '../../../domain/storage/journal-rebuild.ts';
import { sourceNamePattern } from '../../../domain/plan/source-plan.ts';
import type { RebuildProgress } from '../../../workflows/messages.ts';
import { createContext, requireTemporal } from '../../options/context.ts';
import { tallyOfFailure } from '../../../temporal/follow-workflow.ts';
import { showWorkflow } from '../../output/show-workflow.ts';
import { readWindow, type SelectionOptions } from '../../options/journal-selection.ts';
import { setExitCode } from '../../output/exit-code.ts';
import { print, printJson, printInfo } from '../../output/output.ts';
import { requirePoller } from '../../../temporal/task-queue-pollers.ts';
import { withTemporal } from '../../../temporal/connect.ts';
import { requireOwnWork } from '../../options/own-work.ts';

/** Lower priority than live runs (2) and backfills (4). */
const priorityKey = 5;

/** `daybook rebuild-journal`: writes the CSV journal again from PostgreSQL, in a workflow. */
export async function rebuildJournalCommand(options: SelectionOptions & { readonly json?: boolean }): Promise<void> {
  const context = createContext(options);
  const { source = null } = options;
  if (source !== null && !sourceNamePattern.test(source)) {
    throw new UsageError(`--source: found "${source}", expected a source name, such as quakes`);
  }
  const choice: RebuildSelection = { source, window: readWindow(options) };
  await withTemporal(requireTemporal(context), async (client) => {
    const { instance } = context;
    await requirePoller(client, instance);
    await requireOwnWork(context, options, client);
    const { taskQueue } = instance;
    const workflowId = instance.rebuildJournalId(new Date());
    const started = { workflowId, taskQueue, args: [choice], priority: { priorityKey } };
    const handle = await client.workflow.start(rebuildJournalType, started);
    printInfo(`started workflow ${workflowId}; it continues in the background`);
    await follow(handle, options.json === true);
  });
}

/** Shows progress until it ends. Exit code 1 if it failed. */
async function follow(handle: WorkflowHandle, json: boolean): Promise<void> {
  const ask = async () => progressLine(await handle.query<RebuildProgress>('progress'));
  try {
    const tally = (await showWorkflow(handle, ask)) as RebuildTally;
    if (json) return printJson(tally);
    print(`done: ${summary(tally)}`);
    if (tally.waiting > 0)
      printInfo(`${tally.waiting} rows are in deferred batches and will be written later, see ./daybook status`);
    if (tally.expired > 0)
      printInfo(`${tally.expired} rows are older than csv.retention, which would delete them again`);
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    setExitCode(1);
    const tally = tallyOfFailure(error) as RebuildTally | undefined;
    const message = messageOf(error.cause ?? error);
    if (json) return printJson({ ...tally, error: message });
    print(`failed: ${message}`);
    if (tally) print(`rebuilt: ${summary(tally)}`);
    for (const failure of tally?.failed ?? []) printInfo(failure);
  }
}

function summary({ sources, rows, written, present, waiting, expired, parts }: RebuildTally): string {
  const counts = Object.entries({ present, waiting, expired }).filter(([, count]) => count > 0);
  const others = counts.map(([what, count]) => `, ${count} ${what}`).join('');
  return `${rows} rows of ${sources === 1 ? '1 source' : `${sources} sources`}: ${written} written in ${parts} parts${others}`;
}

function progressLine({ tally, left, paused }: RebuildProgress): string {
  return `${summary(tally)}; ${left} sources left${paused ? '; paused' : ''}`;
}
