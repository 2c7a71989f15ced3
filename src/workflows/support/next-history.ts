import { CancellationScope, CancelledFailure, continueAsNew, type Workflow } from '@temporalio/workflow';

/**
 * Continues a workflow in a new history. That would know nothing of a cancellation that has come in the meantime, so a cancelled
 * workflow ends instead.
 * @throws CancelledFailure
 */
export async function continueUnlessCancelled<W extends Workflow>(...args: Parameters<W>): Promise<never> {
  if (CancellationScope.current().consideredCancelled) {
    throw new CancelledFailure('the workflow was cancelled before it continued in a new history');
  }
  return continueAsNew<W>(...args);
}
