import { setTimeout as sleep } from 'node:timers/promises';
import { type WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { say } from '../cli/output/output.ts';
import { ProgressLine, type Progress } from '../cli/output/terminal/progress.ts';

/** How often a workflow is asked how far it has come. */
const askMs = 1_000;

/**
 * Waits for a workflow, and shows how far it has come: on a terminal in one line that is written again, elsewhere in a few.
 * @param ask says so; words alone are told whenever they change. Null = nothing to say; one that fails is asked again
 * @throws WorkflowFailedError
 */
export async function followWorkflow(
  handle: WorkflowHandle,
  ask: () => Promise<Progress | string | null>,
  result: Promise<unknown> = handle.result(),
): Promise<unknown> {
  const over = new AbortController();
  const watching = watch(ask, over.signal);
  try {
    return await result;
  } finally {
    over.abort();
    await watching;
  }
}

/** What a workflow that failed had come to: the first of its failure's details. */
export function tallyOfFailure({ cause }: WorkflowFailedError): unknown {
  return cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
}

async function watch(ask: () => Promise<Progress | string | null>, over: AbortSignal): Promise<void> {
  const line = new ProgressLine();
  let told = '';
  while (!over.aborted) {
    await sleep(askMs, undefined, { signal: over }).catch(() => undefined);
    const found = over.aborted ? null : await ask().catch(() => null);
    if (found === null) continue;
    if (typeof found !== 'string') line.show(found);
    else if (found !== told) {
      line.end();
      say(found);
      told = found;
    }
  }
  line.end();
}
