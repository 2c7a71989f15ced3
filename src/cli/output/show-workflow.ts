import type { WorkflowHandle } from '@temporalio/client';
import { followWorkflow } from '../../temporal/follow-workflow.ts';
import { printInfo } from './output.ts';
import { ProgressLine, type Progress } from './terminal/progress.ts';

/**
 * Waits for a workflow, and shows how far it has come: on a terminal in one line that is written again, elsewhere in a few.
 * @param ask says so; words alone are shown whenever they change. Null = nothing to say; one that fails is asked again
 * @throws WorkflowFailedError
 */
export async function showWorkflow(
  handle: WorkflowHandle,
  ask: () => Promise<Progress | string | null>,
  result: Promise<unknown> = handle.result(),
): Promise<unknown> {
  const line = new ProgressLine();
  let shown = '';
  const onProgress = (found: Progress | string) => {
    if (typeof found !== 'string') return line.show(found);
    if (found === shown) return;
    line.end();
    printInfo(found);
    shown = found;
  };
  try {
    return await followWorkflow(handle, { ask, onProgress, result });
  } finally {
    line.end();
  }
}
