import { patched, setCurrentDetails } from '@temporalio/workflow';
import { detailsTable } from '../domain/details-table.ts';
import type { Day } from '../domain/day.ts';
import type { SealedCsv } from '../activities/seal-csv.ts';
import { journalActivities, maintenanceActivities } from './activities.ts';

export interface RolloverInput {
  /** Only look, and say what would be done. */
  readonly dryRun?: boolean;
}

/** What a rollover did, or would do. */
export interface RolloverResult {
  readonly dryRun: boolean;
  /** Days whose partitions were made. */
  readonly made: readonly Day[];
  /** Past days that were vacuumed and analysed. */
  readonly vacuumed: readonly Day[];
  /** Batches of runs that are no more, deleted from the spool. */
  readonly swept: number;
  /** Sinks and sources for which batches wait. */
  readonly deliverers: number;
  /** Days of the CSV journal that were sealed; null by a version that did not do it. */
  readonly csv: SealedCsv | null;
}

/**
 * The daily care for partitions and the spool: makes the partitions of the coming days, lets PostgreSQL tidy up those that
 * are past, deletes what nobody will ask for, and sees to it that what waits for a sink is delivered.
 *
 * Id: `partition-rollover-<time>`, by schedule at 00:05 UTC. Each step may be repeated; two rollovers at once do no harm.
 */
export async function partitionRollover(input: RolloverInput = {}): Promise<RolloverResult> {
  const dryRun = typeof input === 'object' && input !== null && input.dryRun === true;
  const activities = maintenanceActivities();
  const { made, vacuumed } = await activities.maintainPartitions({ dryRun });
  const { batches: swept } = await activities.sweepSpool({ dryRun });
  const deliverers = dryRun ? 0 : (await activities.wakeDeliverers()).deliverers;
  const csv = patched('seal-csv') ? await journalActivities().sealCsv({ dryRun }) : null;
  const result = { dryRun, made, vacuumed, swept, deliverers, csv };
  setCurrentDetails(detailsOf(result));
  return result;
}

function detailsOf({ made, vacuumed, swept, deliverers, csv }: RolloverResult): string {
  return detailsTable([
    ['partitions made', made.join(', ') || 'none'],
    ['past days vacuumed', vacuumed.join(', ') || 'none'],
    ['batches swept from the spool', String(swept)],
    ['deliverers woken', String(deliverers)],
    ['CSV days sealed', csv?.sealed.join(', ') || 'none'],
  ]);
}
