import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { messageOf } from '../../../domain/errors.ts';
import { replayCsvType } from '../../../domain/names.ts';
import { unitName, type JournalSelection, type JournalReplayTally } from '../../../domain/storage/journal.ts';
import type { Journal } from '../../../store/journal/journal.ts';
import { filesOf, journalUnits } from '../../../store/journal/walk-journal.ts';
import type { JournalProgress } from '../../../workflows/messages.ts';
import { createContext, requireTemporal } from '../../options/context.ts';
import { tallyOfFailure } from '../../../temporal/follow-workflow.ts';
import { showWorkflow } from '../../output/show-workflow.ts';
import { openJournal, readSelection, type SelectionOptions } from '../../options/journal-selection.ts';
import { setExitCode } from '../../output/exit-code.ts';
import { formatTable, print, printJson, printLines, printInfo } from '../../output/output.ts';
import { requirePoller } from '../../../temporal/task-queue-pollers.ts';
import type { Progress } from '../../output/terminal/progress.ts';
import { withTemporal } from '../../../temporal/connect.ts';
import { requireOwnWork } from '../../options/own-work.ts';

export interface ReplayCsvOptions extends SelectionOptions {
  readonly dryRun?: boolean;
  readonly detach?: boolean;
  readonly json?: boolean;
}

/** Lower priority than live runs (2) and backfills (4). */
const priorityKey = 5;

/** `daybook replay-csv`: writes records of the CSV journal into PostgreSQL again, in a workflow. */
export async function replayCsvCommand(options: ReplayCsvOptions): Promise<void> {
  const context = createContext(options);
  const journal = openJournal(context);
  const choice = await readSelection(options, journal);
  if (options.dryRun) return showPlan(journal, choice, options);
  await withTemporal(requireTemporal(context), async (client) => {
    await requirePoller(client, context.instance);
    await requireOwnWork(context, options, client);
    const { taskQueue } = context.instance;
    const workflowId = context.instance.replayCsvId(new Date());
    const started = { workflowId, taskQueue, args: [choice], priority: { priorityKey } };
    const handle = await client.workflow.start(replayCsvType, started);
    printInfo(`started workflow ${workflowId}; it continues in the background`);
    if (!options.detach) await follow(handle, options);
    else if (options.json) printJson({ workflowId });
  });
}

/** What would be read. Only reading shows how many records match. */
async function showPlan(journal: Journal, choice: JournalSelection, { json }: ReplayCsvOptions): Promise<void> {
  const rows: string[][] = [];
  for (const unit of await journalUnits(journal, choice)) {
    const files = await filesOf(journal, unit, choice);
    if (files.length === 0) continue;
    let bytes = 0;
    for (const file of files) bytes += await file.size();
    if (json) printJson({ ...unit, files: files.length, bytes });
    else rows.push([unitName(unit), String(files.length), String(bytes)]);
  }
  if (json) return;
  if (rows.length > 0) printLines(formatTable(['ingested', 'files', 'bytes'], rows));
  printInfo(`${days(rows.length)} would be read; nothing was started`);
}

/** Shows progress until it ends. Exit code 1 if it failed. */
async function follow(handle: WorkflowHandle, { json }: ReplayCsvOptions): Promise<void> {
  const ask = async () => progressOf(await handle.query<JournalProgress>('progress'));
  try {
    const tally = (await showWorkflow(handle, ask)) as JournalReplayTally;
    if (json) printJson(tally);
    else print(`done: ${summary(tally)}`);
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    setExitCode(1);
    const tally = tallyOfFailure(error) as JournalReplayTally | undefined;
    const message = messageOf(error.cause ?? error);
    if (json) return printJson({ ...tally, error: message });
    print(`failed: ${message}`);
    if (tally) print(`replayed before: ${summary(tally)}`);
    for (const damage of tally?.damaged ?? []) printInfo(damage);
  }
}

function summary({ units, records, postgres }: JournalReplayTally): string {
  const counts = Object.entries(postgres).filter(([what, count]) => count > 0 || what === 'written');
  return `${records} records of ${days(units)}: ${counts.map(([what, count]) => `${count} ${what}`).join(', ')}`;
}

function progressOf({ tally, left, paused }: JournalProgress): Progress {
  const text = `${summary(tally)}; ${left} days left${paused ? '; paused' : ''}`;
  return { text, done: tally.units, total: tally.units + left };
}

/** Days of ingestion, of all sources. */
function days(count: number): string {
  return count === 1 ? '1 day' : `${count} days`;
}
