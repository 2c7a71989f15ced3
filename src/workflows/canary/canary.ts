import { CancellationScope, isCancellation, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { CanaryDurations, CanaryResult, CanaryStep, FailedCanary } from '../../domain/monitoring/canary.ts';
import { detailsTable } from '../../domain/run/receipt-table.ts';
import { canarySource } from '../../domain/names.ts';
import type { SinkCounts } from '../../domain/run/receipt.ts';
import { canaryActivities, cleanCanaryActivities } from '../canary-activities.ts';
import { setSourceAttribute } from '../support/search-attribute.ts';
import type { RunFailure } from '../../domain/run/run-failure.ts';
import { failureOf, workflowFailure } from '../support/failure.ts';
import { sendAlerts } from '../support/send-alerts.ts';

/**
 * Sends one record end to end, with the activities of any source: fetched over HTTP, written to both sinks, read back from them,
 * and deleted. A refused write is never deferred: finding it is the canary's purpose.
 *
 * Id: `canary-<time>`, by schedule every five minutes, and by `daybook smoke`. Ends with how long each step took; fails with
 * the step that failed, after an alert was opened.
 */
export async function canary(): Promise<CanaryResult> {
  const steps = new CanarySteps();
  try {
    await runSteps(steps);
  } catch (error) {
    if (isCancellation(error)) {
      await CancellationScope.nonCancellable(() => cleanUp(steps));
      throw error;
    }
  }
  // A cancellation from here on still lets it end in order.
  return CancellationScope.nonCancellable(async () => {
    await cleanUp(steps);
    const outcome = await settle(steps);
    if (outcome.ok) return outcome;
    throw workflowFailure({ ...outcome.error, message: `${outcome.step}: ${outcome.error.message}` }, outcome);
  });
}

async function runSteps(steps: CanarySteps): Promise<void> {
  const { workflowId, firstExecutionRunId: firstRunId } = workflowInfo();
  const activities = canaryActivities();
  const run = { source: canarySource, workflowId, firstRunId };
  const { batch, searchAttribute } = await steps.run('fetch', () => activities.fetchCanary({ run }));
  if (searchAttribute) setSourceAttribute(canarySource);
  await bothSettled(
    steps.run('write to CSV', async () => requireStored(await activities.writeCsv({ batch }))),
    steps.run('write to PostgreSQL', async () => requireStored(await activities.writePostgres({ batch }))),
  );
  await bothSettled(
    steps.run('confirm in CSV', () => activities.confirmCanary({ batch, sink: 'csv' })),
    steps.run('confirm in PostgreSQL', () => activities.confirmCanary({ batch, sink: 'postgres' })),
  );
  steps.arrived();
}

/** Both finish, even if one of them fails. */
async function bothSettled(...work: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(work);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** @throws ApplicationFailure if the sink refused the record, which is not a failure of the write */
function requireStored({ written, duplicate, refused, expired }: SinkCounts): void {
  if (written + duplicate === 1) return;
  const message = `the sink did not store the record (refused ${refused}, for a retired day ${expired})`;
  throw workflowFailure({ type: 'CanaryLost', message });
}

/** An unavailable sink was already waited for: leftovers there are deleted by the next canary. */
async function cleanUp(steps: CanarySteps): Promise<void> {
  const isPatient = steps.failure === null;
  const work = () => cleanCanaryActivities(isPatient).cleanCanary();
  await steps.run('clean up', work).catch(() => undefined);
}

/** An alert that cannot be sent now is sent by the next one. */
async function settle(steps: CanarySteps): Promise<CanaryResult | FailedCanary> {
  const outcome = steps.outcome();
  const work = () => canaryActivities().settleCanary({ canary: outcome });
  const settled = await steps.run('report', work).catch(() => null);
  if (settled?.notify) await sendAlerts(canarySource);
  return settled === null ? steps.outcome() : outcome;
}

interface StepFailure extends RunFailure {
  readonly step: CanaryStep;
}

/** What a canary has done so far. */
class CanarySteps {
  readonly #startedAt = Date.now();
  readonly #durations: { [step in CanaryStep]?: number } = {};
  #lagMs = 0;
  #failure: StepFailure | null = null;

  /** The first step that failed. */
  get failure(): StepFailure | null {
    return this.#failure;
  }

  async run<T>(step: CanaryStep, work: () => Promise<T>): Promise<T> {
    const startedAt = Date.now();
    try {
      const result = await work();
      this.#durations[step] = Date.now() - startedAt;
      return result;
    } catch (error) {
      if (!isCancellation(error)) this.#failure ??= { step, ...failureOf(error, step) };
      throw error;
    } finally {
      setCurrentDetails(this.#details());
    }
  }

  /** The record is confirmed in both sinks. */
  arrived(): void {
    this.#lagMs = Date.now() - this.#startedAt;
  }

  outcome(): CanaryResult | FailedCanary {
    const { workflowId, firstExecutionRunId: runId } = workflowInfo();
    const [startedAt, finishedAt] = [new Date(this.#startedAt), new Date()].map((time) => time.toISOString());
    const durationsMs: CanaryDurations = { ...this.#durations };
    const common = { workflowId, runId, startedAt: startedAt ?? '', finishedAt: finishedAt ?? '', durationsMs };
    if (!this.#failure) return { ok: true, lagMs: this.#lagMs, ...common };
    const { step, ...error } = this.#failure;
    return { ok: false, step, error, ...common };
  }

  #details(): string {
    const done = Object.entries(this.#durations).map(([step, ms]) => [step, `${ms} ms`] as const);
    const failed = this.#failure && ([this.#failure.step, `failed: ${this.#failure.message}`] as const);
    return detailsTable([['source', canarySource], ...done, ...(failed ? [failed] : [])]);
  }
}
