import { type Client, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { readConfig } from '../config/config-file.ts';
import { findSource } from '../config/find-source.ts';
import { messageOf } from '../domain/errors.ts';
import { commandRunId, isRunOf, scrapeRunType, taskQueue } from '../domain/names.ts';
import type { FailedReceipt, Receipt } from '../domain/receipt.ts';
import type { Progress } from '../workflows/messages.ts';
import { createContext, externalTemporal, requireTemporal, type CommonOptions } from './context.ts';
import { prepareDemo } from './demo-origin.ts';
import { print, printJson, say } from './output.ts';
import { requirePoller, unlessNotTakenUp } from './poller.ts';
import { receiptLine } from './receipt-line.ts';
import { withTemporal } from './temporal-client.ts';
import { withTemporaryStack } from './temporary-stack.ts';
import { UsageError } from './usage-error.ts';

export interface RunOptions extends CommonOptions {
  readonly all?: boolean;
  readonly json?: boolean;
}

/** A run that failed before it had a receipt. */
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
  if (context.demo && !context.home.isRunning('worker')) await prepareDemo(context);
  const config = readConfig(context.environment.configFile, context.environment.lookUp);
  const sources = options.all ? config.sources.map((source) => source.name) : [...new Set(names)];
  if (sources.length === 0) throw new UsageError('found no source to run, expected names, or --all');
  for (const name of sources) findSource(config, name);
  if (externalTemporal(context) !== null || context.home.isRunning('worker')) {
    await withTemporal(requireTemporal(context), async (client) => {
      await requirePoller(client);
      await runSources(client, sources, options);
    });
    return;
  }
  await withTemporaryStack(context, (temporal) =>
    withTemporal(temporal, async (client) => {
      await finishOpenRuns(client, sources);
      await runSources(client, sources, options);
    }),
  );
}

async function runSources(client: Client, sources: readonly string[], { json }: RunOptions): Promise<void> {
  await Promise.all(
    sources.map(async (source) => {
      const receipt = await runSource(client, source);
      if (receipt.outcome === 'failed') process.exitCode = 1;
      if (json) printJson(receipt);
      else if ('fetched' in receipt) print(receiptLine(receipt));
      else print(`${receipt.source}: failed: ${receipt.error.type}: ${receipt.error.message}`);
    }),
  );
}

async function runSource(client: Client, source: string): Promise<Receipt | FailedReceipt | FailedRun> {
  const workflowId = commandRunId(source, new Date());
  const handle = await client.workflow.start(scrapeRunType, { workflowId, taskQueue, args: [{ source, force: true }] });
  const runId = handle.firstExecutionRunId;
  try {
    return (await unlessNotTakenUp(handle)) as Receipt;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    const receipt = cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
    if (receipt) return receipt as FailedReceipt;
    return { source, outcome: 'failed', error: describeFailure(cause), workflowId, runId };
  }
}

function describeFailure(cause: unknown): FailedReceipt['error'] {
  if (cause instanceof ApplicationFailure) return { type: cause.type ?? 'Unexpected', message: cause.message };
  if (cause instanceof CancelledFailure) return { type: 'Cancelled', message: 'the run was cancelled' };
  return { type: 'Unexpected', message: messageOf(cause) };
}

/** Runs that a kill cut off go on with the new worker: they are let finish before a new one begins. */
async function finishOpenRuns(client: Client, sources: readonly string[]): Promise<void> {
  const open = client.workflow.list({ query: `WorkflowType = '${scrapeRunType}' AND ExecutionStatus = 'Running'` });
  for await (const { workflowId, runId } of open) {
    const source = sources.find((name) => isRunOf(name, workflowId));
    if (source === undefined) continue;
    const handle = client.workflow.getHandle(workflowId, runId);
    const progress = await handle.query<Progress>('progress').catch(() => null);
    if (progress?.paused) {
      say(
        `daybook: ${workflowId} is still open, but paused; resume it with: temporal workflow signal -w ${workflowId} --name resume`,
      );
      continue;
    }
    say(`daybook: finishing ${workflowId}, which was cut off`);
    await handle.result().catch((error: unknown) => say(`daybook: ${workflowId}: ${messageOf(error)}`));
  }
}
