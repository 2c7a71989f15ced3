// The thread in which Temporal's SDK runs workflows. It begins with this file instead of the SDK's own: see `workflow-threads.ts`.
import { globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';

// A stack trace for each promise of a workflow is a tenth of a worker's CPU time. Only the query `__stack_trace` reads them; it then
// says that they are not enabled.
Object.assign(globalHandlers, { setPromiseHook: () => undefined });

await import('@temporalio/worker/lib/workflow/workflow-worker-thread.js');
