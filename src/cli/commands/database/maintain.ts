import type { WorkflowHandle } from '@temporalio/client';
import { dayList } from '../../../domain/text/day-list.ts';
import { rolloverType } from '../../../domain/names.ts';
import type { SealedCsv } from '../../../activities/rollover/seal-csv.ts';
import type { RolloverResult } from '../../../workflows/rollover/partition-rollover.ts';
import { pendingSteps } from '../../../status/pending-steps.ts';
import { createContext, requireTemporal, type CommonOptions } from '../../options/context.ts';
import { showWorkflow } from '../../output/show-workflow.ts';
import { setExitCode } from '../../output/exit-code.ts';
import { print, printJson, printInfo } from '../../output/output.ts';
import { requirePoller, resultOrNoWorker } from '../../../temporal/task-queue-pollers.ts';
import type { Progress } from '../../output/terminal/progress.ts';
import { withTemporal } from '../../../temporal/connect.ts';
import { requireOwnWork } from '../../options/own-work.ts';

export interface MaintainOptions extends CommonOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `daybook partitions maintain`: the daily rollover, now. */
export async function maintainPartitionsCommand({ dryRun = false, json, ...options }: MaintainOptions): Promise<void> {
  const context = createContext(options);
  const result = await withTemporal(requireTemporal(context), async (client) => {
    const { instance } = context;
    await requirePoller(client, instance);
    if (!dryRun) await requireOwnWork(context, options, client);
    const { taskQueue } = instance;
    const workflowId = instance.commandRolloverId(new Date());
    const handle = await client.workflow.start(rolloverType, { workflowId, taskQueue, args: [{ dryRun }] });
    return (await showWorkflow(
      handle,
      () => howItGoes(handle),
      resultOrNoWorker(client, instance, handle),
    )) as RolloverResult;
  });
  if (result.failed.length > 0) setExitCode(1);
  if (json) return printJson(result);
  const { made, vacuumed, swept, leftovers = 0, deliverers, indexes, retired, putBack, failed, csv } = result;
  print(`partitions ${dryRun ? 'to make' : 'made'}: ${dayList(made)}`);
  print(`batches ${dryRun ? 'to delete' : 'deleted'} from the spool: ${swept}`);
  if (leftovers > 0) print(`half-written files deleted: ${leftovers}`);
  if (csv) {
    print(`CSV days ${dryRun ? 'to seal' : 'sealed'}: ${csv.sealed.join(', ') || 'none'}${more(csv)}`);
    if (csv.waiting.length > 0)
      print(`CSV days with deferred batches, sealed after delivery: ${csv.waiting.join(', ')}`);
    if (csv.deleted.length > 0)
      print(`CSV days ${dryRun ? 'to delete' : 'deleted'} by csv.retention: ${csv.deleted.join(', ')}`);
    if (csv.deadLetters > 0) print(`dead-letter files ${dryRun ? 'to delete' : 'deleted'}: ${csv.deadLetters}`);
  }
  if (!dryRun) print(`deliveries started: ${deliverers}`);
  print(`past days ${dryRun ? 'to vacuum' : 'vacuumed'}: ${dayList(vacuumed)}`);
  if (indexes.parent !== 'kept') print(`payload index of raw_events ${dryRun ? 'to be ' : ''}${indexes.parent}`);
  if (indexes.built.length > 0) print(`payload indexes ${dryRun ? 'to build' : 'built'}: ${dayList(indexes.built)}`);
  if (indexes.dropped.length > 0)
    print(`payload indexes ${dryRun ? 'to drop' : 'dropped'}: ${dayList(indexes.dropped)}`);
  print(`days ${dryRun ? 'to retire' : 'retired'}: ${dayList(retired.map(({ day }) => day))}`);
  for (const { rows, archive } of retired) if (archive !== null) print(`  ${rows} rows in ${archive}`);
  if (putBack.length > 0) print(`days kept (retirement undone): ${dayList(putBack)}`);
  for (const { step, day, message } of failed)
    printInfo(`could not ${step}${day === null ? '' : ` ${day}`}: ${message}`);
}

/** What steps wait for, or why they are tried repeatedly: a reader may delay the retiring of days for a long time. */
async function howItGoes(handle: WorkflowHandle): Promise<Progress | string | null> {
  const { failures, waits, doing } = await pendingSteps(handle);
  const lines = [
    ...(failures.length === 0 ? [] : [`tried again: ${failures.join('; ')}`]),
    ...(waits.length === 0 ? [] : [`waits: ${waits.join('; ')}`]),
  ];
  if (lines.length > 0) return lines.join('; ');
  return doing.length === 0 ? null : { text: doing.join('; '), done: 0, total: null };
}

function more({ sealed, sealedCount }: SealedCsv): string {
  return sealedCount > sealed.length ? ` and ${sealedCount - sealed.length} more` : '';
}
