import { setTimeout as sleep } from 'node:timers/promises';
import { type WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';

/** How often a workflow is queried for its progress. */
const askMs = 1_000;

/** How a workflow is queried for its progress, and who receives it. */
export interface Following<T> {
  /** Null = nothing to report; a failed query is repeated. */
  readonly ask: () => Promise<T | null>;
  /** Called with each answer, also with one that is as before. */
  readonly onProgress: (found: T) => void;
  /** @default the workflow's own */
  readonly result?: Promise<unknown>;
}

/**
 * Waits for a workflow, and reports its progress meanwhile.
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

/** The progress of a failed workflow: the first of its failure's details. */
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
