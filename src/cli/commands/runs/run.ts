import { type Client, WorkflowFailedError, type WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { readConfig } from '../../../config/file/config-file.ts';
import { findSource } from '../../../config/file/find-source.ts';
import type { TemporalSettings } from '../../../config/environment/temporal-settings.ts';
import { allSettled } from '../../../domain/all-settled.ts';
import { messageOf, CannotStart, UsageError } from '../../../domain/errors.ts';
import type { Instance } from '../../../domain/instance.ts';
import { scrapeRunType } from '../../../domain/names.ts';
import type { FailedReceipt, Receipt } from '../../../domain/run/receipt.ts';
import type { Progress } from '../../../workflows/messages.ts';
import { createContext, externalTemporal, requireTemporal } from '../../options/context.ts';
import { prepareDemo } from '../../stack/demo-server.ts';
import { setExitCode } from '../../output/exit-code.ts';
import { print, printJson, printInfo } from '../../output/output.ts';
import {
  knownWorkers,
  requirePoller,
  resultOnceStarted,
  type IsWorkerKnown,
} from '../../../temporal/task-queue-pollers.ts';
import { receiptLines } from '../../output/receipt-line.ts';
import { RunsUnderWay } from '../../output/run-progress.ts';
import { requireLabels, requireOwnLabels } from '../../options/placement.ts';
import { requirePair, type PairOptions } from '../../options/store-pair.ts';
import { withTemporal } from '../../../temporal/connect.ts';

export interface RunOptions extends PairOptions {
  readonly all?: boolean;
  readonly json?: boolean;
}

/** A run that failed before its receipt was written. */
interface FailedRun {
  readonly source: string;
  readonly outcome: 'failed';
  readonly error: FailedReceipt['error'];
  readonly workflowId: string;
  readonly runId: string;
}

/** `daybook run`: polls sources once, now, and prints their receipts as they end. Exit code 1 if one fails. */
export async function runCommand(names: readonly string[], options: RunOptions): Promise<void> {
  const context = createContext(options);
  if (context.demo && !context.home.isRunning('worker')) prepareDemo(context);
  const config = readConfig(context.environment.configFile, context.environment.lookUp);
  const sources = options.all ? config.sources.map((source) => source.name) : [...new Set(names)];
  if (sources.length === 0) throw new UsageError('name the sources to run, or use --all');
  const found = sources.map((name) => findSource(config, name));
  if (externalTemporal(context) !== null || context.home.isRunning('worker')) {
    await withTemporal(requireTemporal(context), async (client) => {
      const isHere = () => externalTemporal(context) === null && context.home.hasWorker();
      await requirePoller(client, context.instance, isHere);
      await requireLabels(client, context.instance, found);
      await requirePair(context, options);
      await runSources(client, context.instance, sources, knownWorkers(client, context.instance, isHere), options);
    });
    return;
  }
  requireOwnLabels(context, found);
  const work = (temporal: TemporalSettings) =>
    withTemporal(temporal, async (client) => {
      await finishOpenRuns(client, context.instance, sources);
      // The worker is this process.
      await runSources(client, context.instance, sources, async () => true, options);
    });
  // It has all of a worker.
  const { withTemporaryStack } = await import('../../stack/temporary-stack.ts');
  await withTemporaryStack(context, work, options);
}

/** Runs that are started at the same time: hundreds at once would occupy a busy server completely. */
const startConcurrency = 10;

/** If one fails, the others are still awaited. */
async function runSources(
  client: Client,
  instance: Instance,
  sources: readonly string[],
  isWorkerKnown: IsWorkerKnown,
  { json }: RunOptions,
): Promise<void> {
  const waiting: Promise<void>[] = [];
  const left = [...sources];
  const underWay = new RunsUnderWay();
  const reportWhenOver = async (run: StartedRun) => {
    const receipt = await resultOf(run, instance, isWorkerKnown);
    underWay.ended(run.source);
    report(receipt, json === true);
  };
  const startNext = async () => {
    for (let source = left.shift(); source !== undefined; source = left.shift()) {
      const run = await startRun(client, instance, source);
      underWay.began(source, run.handle);
      const ended = reportWhenOver(run);
      // Its result is read once all are started.
      ended.catch(() => undefined);
      waiting.push(ended);
    }
  };
  const starting = Array.from({ length: startConcurrency }, startNext);
  try {
    await Promise.allSettled(starting);
    await allSettled([...starting, ...waiting]);
  } finally {
    await underWay.close();
  }
}

function report(receipt: Receipt | FailedReceipt | FailedRun, json: boolean): void {
  if (receipt.outcome === 'failed') setExitCode(1);
  if (json) printJson(receipt);
  else if ('fetched' in receipt) for (const line of receiptLines(receipt)) print(line);
  else print(`${receipt.source}: failed: ${receipt.error.type}: ${receipt.error.message}`);
}

interface StartedRun {
  readonly source: string;
  readonly handle: WorkflowHandleWithFirstExecutionRunId;
}

async function startRun(client: Client, instance: Instance, source: string): Promise<StartedRun> {
  const { taskQueue } = instance;
  const workflowId = instance.commandRunId(source, new Date());
  const handle = await client.workflow.start(scrapeRunType, { workflowId, taskQueue, args: [{ source, force: true }] });
  return { source, handle };
}

async function resultOf(
  { source, handle }: StartedRun,
  instance: Instance,
  isWorkerKnown: IsWorkerKnown,
): Promise<Receipt | FailedReceipt | FailedRun> {
  const failed = {
    source,
    outcome: 'failed',
    workflowId: handle.workflowId,
    runId: handle.firstExecutionRunId,
  } as const;
  try {
    return (await resultOnceStarted(handle, instance, isWorkerKnown)) as Receipt;
  } catch (error) {
    if (error instanceof CannotStart) return { ...failed, error: { type: error.type, message: error.message } };
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    const receipt = cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
    return receipt ? (receipt as FailedReceipt) : { ...failed, error: describeFailure(cause) };
  }
}

function describeFailure(cause: unknown): FailedReceipt['error'] {
  if (cause instanceof ApplicationFailure) return { type: cause.type ?? 'Unexpected', message: cause.message };
  if (cause instanceof CancelledFailure) return { type: 'Cancelled', message: 'the run was cancelled' };
  return { type: 'Unexpected', message: messageOf(cause) };
}

/** Runs interrupted by a kill continue with the new worker; they finish before a new one starts. */
async function finishOpenRuns(client: Client, instance: Instance, sources: readonly string[]): Promise<void> {
  const query = instance.query(`WorkflowType = '${scrapeRunType}' AND ExecutionStatus = 'Running'`);
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const source = sources.find((name) => instance.isRunOf(name, workflowId));
    if (source === undefined) continue;
    const handle = client.workflow.getHandle(workflowId, runId);
    const progress = await handle.query<Progress>('progress').catch(() => null);
    if (progress?.paused) {
      printInfo(
        `daybook: ${workflowId} is open but paused; resume it with: temporal workflow signal -w ${workflowId} --name resume`,
      );
      continue;
    }
    printInfo(`daybook: finishing ${workflowId}, which was interrupted`);
    await handle.result().catch((error: unknown) => printInfo(`daybook: ${workflowId}: ${messageOf(error)}`));
  }
}
