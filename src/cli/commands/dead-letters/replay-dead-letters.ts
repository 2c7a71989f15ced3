import { WorkflowFailedError, type Client, type WorkflowHandle } from '@temporalio/client';
import { messageOf } from '../../../domain/errors.ts';
import type { Instance } from '../../../domain/instance.ts';
import { replayLettersType } from '../../../domain/names.ts';
import type { ReplayResult } from '../../../domain/dead-letters/dead-letter-replay.ts';
import type { ReplayDeadLettersInput } from '../../../workflows/dead-letters/replay-dead-letters.ts';
import { createContext, openStoreToRead, requireTemporal } from '../../options/context.ts';
import { loadConfig } from '../../options/load-config.ts';
import { readFilter, type DeadLettersOptions } from './dead-letters.ts';
import { selectDeadLetters, type DeadLetterSelection } from '../../options/dead-letter-selection.ts';
import { showWorkflow } from '../../output/show-workflow.ts';
import { setExitCode } from '../../output/exit-code.ts';
import { print, printJson, printInfo } from '../../output/output.ts';
import { requirePoller } from '../../../temporal/task-queue-pollers.ts';
import { previewReplay } from './replay-preview.ts';
import type { Progress } from '../../output/terminal/progress.ts';
import { withTemporal } from '../../../temporal/connect.ts';
import { requireOwnWork } from '../../options/own-work.ts';

export interface ReplayLettersOptions extends DeadLettersOptions {
  readonly dryRun?: boolean;
  readonly detach?: boolean;
}

/** `daybook dead-letters replay`: extracts refused records again, in a workflow for each source. */
export async function replayDeadLettersCommand(ids: readonly string[], options: ReplayLettersOptions): Promise<void> {
  const context = createContext(options);
  const config = loadConfig(context);
  const filter = readFilter(options);
  const chosen = await selectDeadLetters(openStoreToRead(context), config, ids, filter);
  if (chosen.length === 0) return printInfo('no dead letters to replay');
  if (options.dryRun) return previewReplay(context, config, chosen, options.json === true);
  await withTemporal(requireTemporal(context), async (client) => {
    await requirePoller(client, context.instance);
    await requireOwnWork(context, options, client);
    const { source: _, ...narrower } = filter;
    const started: [DeadLetterSelection, WorkflowHandle][] = [];
    for (const letters of chosen) {
      const { source } = letters;
      const input = { source, ...narrower, ...(ids.length > 0 ? { ids: letters.letters.map(({ id }) => id) } : {}) };
      started.push([letters, await start(client, context.instance, input as ReplayDeadLettersInput)]);
    }
    if (options.detach) {
      if (options.json) for (const [{ source }, { workflowId }] of started) printJson({ source, workflowId });
      return;
    }
    for (const [letters, handle] of started) await follow(letters, handle, options.json === true);
  });
}

async function start(client: Client, instance: Instance, input: ReplayDeadLettersInput): Promise<WorkflowHandle> {
  const { taskQueue } = instance;
  const workflowId = instance.replayLettersId(input.source, new Date());
  const priority = { priorityKey: 5, fairnessKey: input.source };
  const handle = await client.workflow.start(replayLettersType, { workflowId, taskQueue, args: [input], priority });
  printInfo(`${input.source}: replayed in workflow ${workflowId}; it continues in the background`);
  return handle;
}

/** Shows progress until it ends. Exit code 1 if it failed; records that are still refused are not a failure. */
async function follow({ source }: DeadLetterSelection, handle: WorkflowHandle, json: boolean): Promise<void> {
  const ask = async () => progressOf(await handle.query<ReplayResult>('progress'));
  try {
    const result = (await showWorkflow(handle, ask)) as ReplayResult;
    if (json) printJson(result);
    else for (const line of resultLines(result)) print(line);
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    setExitCode(1);
    const message = messageOf(error.cause ?? error);
    if (json) printJson({ source, error: message });
    else print(`${source}: failed: ${message}; records that were not stored remain dead letters`);
  }
}

function progressOf({ replayed, filtered = 0, refused, unreplayable, letters }: ReplayResult): Progress {
  const done = replayed + filtered + refused + unreplayable;
  return { text: `${done} of ${letters} processed, ${replayed} stored`, done, total: letters };
}

/** The result of a replay, and what to do next. */
function resultLines(result: ReplayResult): string[] {
  const {
    source,
    letters,
    replayed,
    written,
    duplicate,
    expired,
    deferred,
    refused,
    reasons,
    unreplayable,
    filtered = 0,
  } = result;
  const { duplicate_id: sharedIds = 0, ...others } = reasons;
  const why = Object.entries(others).map(([reason, count]) => `${reason} ${count}`);
  const stillRefused = refused - sharedIds;
  return [
    `${source}: ${replayed} of ${letters} dead letters stored: ${written} new, ${duplicate} already stored, ${expired} for retired days`,
    ...(deferred > 0
      ? [`  ${deferred} are deferred; they are delivered once the sink is available again, see status`]
      : []),
    ...(filtered > 0 ? [`  ${filtered} are left out by filter, and are no dead letters any more`] : []),
    ...(sharedIds > 0
      ? [
          `  ${sharedIds} have the same id as another record of their page (duplicate_id): choose a unique id; the next poll that reads them stores them (for an incremental source: after state rewind). Then hide these with dead-letters discard`,
        ]
      : []),
    ...(stillRefused > 0
      ? [
          `  ${stillRefused} are still rejected (${why.join(', ')}): see dead-letters list --source ${source}, fix the source and replay again`,
        ]
      : []),
    ...(unreplayable > 0
      ? [
          `  ${unreplayable} cannot be replayed: the original records were not kept. The next poll fetches them again; a file is read again after state reset ${source}. replay --dry-run shows the reasons, dead-letters discard hides them`,
        ]
      : []),
  ];
}
