import { setTimeout as sleep } from 'node:timers/promises';
import { type WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';

/** How often a workflow is asked how far it has come. */
const askMs = 1_000;

/** How a workflow is asked how far it has come, and who is told. */
export interface Following<T> {
  /** Null = nothing to tell; one that fails is asked again. */
  readonly ask: () => Promise<T | null>;
  /** Called with each answer, also with one that is as before. */
  readonly onProgress: (found: T) => void;
  /** @default the workflow's own */
  readonly result?: Promise<unknown>;
}

/**
 * Waits for a workflow, and reports meanwhile how far it has come.
 * @throws WorkflowFailedError
 */
export async function followWorkflow<T>(handle: WorkflowHandle, following: Following<T>): Promise<unknown> {
  const { result = handle.result() } = following;
  const over = new AbortController();
  const watching = watch(following, over.signal);
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

async function watch<T>({ ask, onProgress }: Following<T>, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await sleep(askMs, undefined, { signal: over }).catch(() => undefined);
    const found = over.aborted ? null : await ask().catch(() => null);
    if (found !== null) onProgress(found);
  }
}
