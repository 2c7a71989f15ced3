import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';

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
  const heartbeats = pending.map(({ heartbeatDetails }) => {
    const [payload] = heartbeatDetails?.payloads ?? [];
    const details: Readonly<Record<string, unknown>> | undefined =
      payload && defaultPayloadConverter.fromPayload(payload);
    return details ?? {};
  });
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
