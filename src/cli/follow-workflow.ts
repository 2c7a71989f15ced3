import { setTimeout as sleep } from 'node:timers/promises';
import { type WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { say } from './output.ts';

/** How often a workflow is asked how far it has come. */
const askMs = 1_000;

/**
 * Waits for a workflow, and says how far it has come whenever that changes.
 * @param ask says so in words, null = nothing to say; one that fails is asked again
 * @throws WorkflowFailedError
 */
export async function followWorkflow(
  handle: WorkflowHandle,
  ask: () => Promise<string | null>,
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

async function watch(ask: () => Promise<string | null>, over: AbortSignal): Promise<void> {
  let shown = '';
  while (!over.aborted) {
    await sleep(askMs, undefined, { signal: over }).catch(() => undefined);
    const line = over.aborted ? null : await ask().catch(() => null);
    if (line === null) continue;
    if (line !== shown) say(line);
    shown = line;
  }
}
