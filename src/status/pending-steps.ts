import type { WorkflowHandle } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';

/** What the activities of a workflow wait for. */
export interface PendingSteps {
  /** Why some are tried again. */
  readonly failures: readonly string[];
  /** What others wait for, as their heartbeats say. */
  readonly waits: readonly string[];
  /** What others do right now, as their heartbeats say. */
  readonly doing: readonly string[];
}

/** Asks what delays a workflow. */
export async function pendingSteps(handle: WorkflowHandle): Promise<PendingSteps> {
  const pending = (await handle.describe()).raw.pendingActivities ?? [];
  const { loadedDataConverter } = handle.client.options;
  const heartbeats = await Promise.all(
    pending.map(async ({ heartbeatDetails }) => {
      const [details] = await decodeArrayFromPayloads(loadedDataConverter, heartbeatDetails?.payloads);
      return (details ?? {}) as Readonly<Record<string, unknown>>;
    }),
  );
  return {
    failures: pending.flatMap(({ lastFailure }) => lastFailure?.message ?? []),
    waits: heartbeats.flatMap(({ waitsFor }) => (typeof waitsFor === 'string' ? [waitsFor] : [])),
    doing: heartbeats.flatMap(({ step, day, source, vacuumed }) => {
      if (typeof vacuumed === 'string') return [`vacuumed ${vacuumed}`];
      const of = [source, day].filter((word) => typeof word === 'string').join(' ');
      return typeof step === 'string' ? [`${step}${of === '' ? '' : ` ${of}`}`] : [];
    }),
  };
}
