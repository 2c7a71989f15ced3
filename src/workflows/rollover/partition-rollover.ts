import { log, patched, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { detailsTable } from '../../domain/run/receipt-table.ts';
import { noSource } from '../../domain/names.ts';
import { dayList } from '../../domain/text/day-list.ts';
import type { Day } from '../../domain/time/day.ts';
import type { SealedCsv } from '../../activities/rollover/seal-csv.ts';
import type { PayloadIndexChanges } from '../../sinks/postgres/days/payload-index.ts';
import type { RetirementResult } from '../../sinks/postgres/days/retire-days.ts';
import { journalActivities, maintenanceActivities, rolloverActivities } from '../activities.ts';
import { sendAlerts } from '../support/send-alerts.ts';
import { RolloverSteps, type StepFailure } from './rollover-steps.ts';

export interface RolloverInput {
  /** Only report what would be done. */
  readonly dryRun?: boolean;
}

/** What a rollover did, or would do. */
export interface RolloverResult {
  readonly dryRun: boolean;
  /** Days whose partitions were made. */
  readonly made: readonly Day[];
  /** Past days that were vacuumed and analysed. */
  readonly vacuumed: readonly Day[];
  /** Batches of ended runs, deleted from the spool. */
  readonly swept: number;
  /** Files left half written by kills, deleted; absent if an older version began it. */
  readonly leftovers?: number;
  /** Sinks and sources with deferred batches. */
  readonly deliverers: number;
  /** What happened to payload indexes. */
  readonly indexes: Pick<PayloadIndexChanges, 'parent' | 'built' | 'dropped'>;
  /** Days that were archived and dropped. */
  readonly retired: RetirementResult['retired'];
  /** Days whose retirement had begun, but that are kept now. */
  readonly putBack: readonly Day[];
  /** Days of the CSV journal that were sealed; null if a version that did not do it began. */
  readonly csv: SealedCsv | null;
  /** What could not be done; an alert stays open until a rollover succeeds completely. */
  readonly failed: readonly StepFailure[];
}

/**
 * The daily upkeep of partitions and the spool: creates the partitions of the coming days, deletes what is no longer needed, makes
 * sure that deferred batches are delivered, and vacuums, indexes and retires past days.
 *
 * Id: `partition-rollover-<time>`, by schedule at 00:05 UTC. Each step may be repeated, and none waits for another one that fails
 * or is blocked; two rollovers at once do no harm. Ends with what it did, also where a step failed.
 */
export async function partitionRollover(input: RolloverInput = {}): Promise<RolloverResult> {
  const dryRun = typeof input === 'object' && input !== null && input.dryRun === true;
  const result = patched('rollover-side-by-side')
    ? await sideBySide(dryRun)
    : patched('rollover-steps')
      ? await inSteps(dryRun)
      : await asBefore(dryRun);
  setCurrentDetails(detailsOf(result));
  logResult(result);
  return result;
}

/** The failures of steps. */
const nothingTidied = { vacuumed: [], failed: [] };
const nothingIndexed = { parent: 'kept', built: [], dropped: [], failed: [] } as const;
const nothingRetired = { retired: [], putBack: [], failed: [] };

async function sideBySide(dryRun: boolean): Promise<RolloverResult> {
  const activities = rolloverActivities();
  const steps = new RolloverSteps((table) => setCurrentDetails(table));
  const swept = steps.start('sweep the spool', () => activities.sweepSpool({ dryRun }), { batches: 0, leftovers: 0 });
  const woken = dryRun
    ? { deliverers: 0 }
    : steps.start('start deliveries', () => activities.wakeDeliverers(), { deliverers: 0 });
  const sealed = steps.start<SealedCsv | null>('seal CSV days', () => journalActivities().sealCsv({ dryRun }), null);
  // These take locks of the same tables: one after the other, unless one is blocked.
  const made = steps.start('make partitions', () => activities.makePartitions({ dryRun }), { made: [] });
  await steps.turn('vacuum', 'make partitions');
  const vacuumed = steps.start('vacuum', () => activities.tidyPartitions({ dryRun }), nothingTidied);
  await steps.turn('index payloads', 'vacuum');
  const indexed = steps.start('index payloads', () => activities.indexPayloads({ dryRun }), nothingIndexed);
  await steps.turn('retire', 'index payloads');
  // Last: a reader may block it.
  const retired = steps.start('retire', () => activities.retirePartitions({ dryRun }), nothingRetired);
  const { parent, built, dropped } = await indexed;
  const result = {
    dryRun,
    made: (await made).made,
    vacuumed: (await vacuumed).vacuumed,
    swept: (await swept).batches,
    leftovers: (await swept).leftovers,
    deliverers: (await woken).deliverers,
    csv: await sealed,
    indexes: {
      parent,
      built,
      dropped,
    },
    retired: (await retired).retired,
    putBack: (await retired).putBack,
  };
  steps.throwIfCancelled();
  if (!dryRun) await settle(steps.message());
  return { ...result, failed: steps.failures };
}

/** How rollovers that began under 0.2.0 continue. */
async function inSteps(dryRun: boolean): Promise<RolloverResult> {
  const activities = rolloverActivities();
  const steps = new RolloverSteps(() => {});
  const { made } = await steps.run('make partitions', () => activities.makePartitions({ dryRun }), { made: [] });
  const sweep = async () => ({ swept: (await activities.sweepSpool({ dryRun })).batches });
  const { swept } = await steps.run('sweep the spool', sweep, { swept: 0 });
  const noDeliverers = { deliverers: 0 };
  const { deliverers } = dryRun
    ? noDeliverers
    : await steps.run('start deliveries', () => activities.wakeDeliverers(), noDeliverers);
  const csv = await steps.run<SealedCsv | null>('seal CSV days', () => journalActivities().sealCsv({ dryRun }), null);
  const { vacuumed } = await steps.run('vacuum', () => activities.tidyPartitions({ dryRun }), {
    vacuumed: [],
    failed: [],
  });
  const { parent, built, dropped } = await steps.run('index payloads', () => activities.indexPayloads({ dryRun }), {
    parent: 'kept',
    built: [],
    dropped: [],
    failed: [],
  });
  // Last: a reader may block it.
  const { retired, putBack } = await steps.run('retire', () => activities.retirePartitions({ dryRun }), {
    retired: [],
    putBack: [],
    failed: [],
  });
  if (!dryRun) await settle(steps.message());
  const indexes = { parent, built, dropped };
  return { dryRun, made, vacuumed, swept, deliverers, indexes, retired, putBack, csv, failed: steps.failures };
}

/** Opens an alert for failures, once, and resolves it after a complete success. */
async function settle(message: string | null): Promise<void> {
  const { notify } = await rolloverActivities().settleMaintenance({ message });
  // An alert that cannot be sent now is sent by the next one.
  if (notify) await sendAlerts(noSource);
}

/** How rollovers that began under 0.1.0 continue. */
async function asBefore(dryRun: boolean): Promise<RolloverResult> {
  const activities = maintenanceActivities();
  const { made, vacuumed } = await activities.maintainPartitions({ dryRun });
  const { batches: swept } = await activities.sweepSpool({ dryRun });
  const deliverers = dryRun ? 0 : (await activities.wakeDeliverers()).deliverers;
  const indexes = { parent: 'kept', built: [], dropped: [] } as const;
  return { dryRun, made, vacuumed, swept, deliverers, indexes, retired: [], putBack: [], csv: null, failed: [] };
}

function logResult(result: RolloverResult): void {
  const { dryRun, made, vacuumed, swept, leftovers = 0, deliverers, indexes, retired, csv, failed } = result;
  const fields = {
    dryRun,
    made,
    vacuumed,
    swept,
    leftovers,
    deliverers,
    indexed: indexes.built,
    retired: retired.map(({ day }) => day),
    sealed: csv?.sealedCount ?? 0,
    durationMs: Date.now() - workflowInfo().startTime.getTime(),
  };
  if (failed.length === 0) log.info('Rollover finished', fields);
  else log.warn('Rollover finished with failures', { ...fields, failed });
}

function detailsOf(result: RolloverResult): string {
  const { made, vacuumed, swept, leftovers = 0, deliverers, indexes, retired, csv, failed } = result;
  return detailsTable([
    ['partitions made', dayList(made)],
    ['past days vacuumed', dayList(vacuumed)],
    ['batches deleted from the spool', String(swept)],
    ['half-written files deleted', String(leftovers)],
    ['deliveries started', String(deliverers)],
    ['payload indexes built', dayList(indexes.built)],
    ['days retired', dayList(retired.map(({ day }) => day))],
    ['CSV days sealed', csv?.sealed.join(', ') || 'none'],
    ['failed', failed.map(({ step, day, message }) => `${step} ${day ?? ''}: ${message}`).join('; ') || 'nothing'],
  ]);
}
