import { type Client, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { describeFailure, type CanaryResult, type FailedCanary } from '../../../domain/monitoring/canary.ts';
import { DaybookError, messageOf, isUsageFailure } from '../../../domain/errors.ts';
import type { Instance } from '../../../domain/instance.ts';
import { canaryType } from '../../../domain/names.ts';
import {
  createContext,
  externalTemporal,
  requireTemporal,
  type CommonOptions,
  type Context,
} from '../../options/context.ts';
import { prepareDemo } from '../../stack/demo-server.ts';
import { setExitCode } from '../../output/exit-code.ts';
import { print, printJson } from '../../output/output.ts';
import { requirePoller, resultOrNoWorker } from '../../../temporal/task-queue-pollers.ts';
import { withTemporal } from '../../../temporal/connect.ts';

/** What is reported if the canary could not report it: no worker started it, or it was terminated. */
interface Unfinished {
  readonly ok: false;
  readonly step: 'start';
  readonly error: { readonly type: string; readonly message: string };
}

/** `daybook smoke`: runs one canary now, and prints one line: whether a record made it end to end. Exit code 1 if it did not. */
export async function smokeCommand({ json, ...options }: CommonOptions & { json?: boolean }): Promise<void> {
  const outcome = await smoke(createContext(options));
  if (!outcome.ok) setExitCode(1);
  if (json) printJson(outcome);
  else print(smokeLine(outcome));
}

async function smoke(context: Context): Promise<CanaryResult | FailedCanary | Unfinished> {
  try {
    if (externalTemporal(context) !== null || context.home.isRunning('worker')) {
      return await withTemporal(requireTemporal(context), async (client) => {
        await requirePoller(client, context.instance);
        return runCanary(client, context.instance);
      });
    }
    if (context.demo) prepareDemo(context);
    // It has all of a worker.
    const { withTemporaryStack } = await import('../../stack/temporary-stack.ts');
    return await withTemporaryStack(context, (temporal) =>
      withTemporal(temporal, (client) => runCanary(client, context.instance)),
    );
  } catch (error) {
    if (!(error instanceof DaybookError) || isUsageFailure(error)) throw error;
    return unfinished(error.type, error.message);
  }
}

async function runCanary(client: Client, instance: Instance): Promise<CanaryResult | FailedCanary | Unfinished> {
  const { taskQueue } = instance;
  const workflowId = instance.commandCanaryId(new Date());
  const handle = await client.workflow.start(canaryType, { workflowId, taskQueue, args: [] });
  try {
    return (await resultOrNoWorker(client, instance, handle)) as CanaryResult;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    const failed = cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
    return (failed as FailedCanary | undefined) ?? unfinished('Unexpected', `${workflowId} ended: ${messageOf(cause)}`);
  }
}

function unfinished(type: string, message: string): Unfinished {
  return { ok: false, step: 'start', error: { type, message } };
}

function smokeLine(outcome: CanaryResult | FailedCanary | Unfinished): string {
  if (outcome.ok) {
    const seconds = (outcome.lagMs / 1000).toFixed(2);
    return `smoke ok: scraped, inserted, confirmed in PostgreSQL by key and in CSV in ${seconds} s (${outcome.workflowId})`;
  }
  if (outcome.step === 'start') return `smoke failed: start: ${outcome.error.message.replaceAll(/\s+/g, ' ')}`;
  return `smoke failed: ${describeFailure(outcome)} (${outcome.workflowId})`;
}
