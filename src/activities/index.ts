import type { ActivityDependencies } from './dependencies.ts';
import { createCleanCanary } from './clean-canary.ts';
import { createConfirmCanary } from './confirm-canary.ts';
import { createDeferBatches } from './defer-batches.ts';
import { createDeliverBatches } from './deliver-batches.ts';
import { createFetchBatch } from './fetch-batch.ts';
import { createFetchCanary } from './fetch-canary.ts';
import { createFinishReplay } from './finish-replay.ts';
import { createMaintainPartitions } from './maintain-partitions.ts';
import { createIndexPayloads } from './index-payloads.ts';
import { createMakePartitions } from './make-partitions.ts';
import { createNotifyAlerts } from './notify-alerts.ts';
import { createPlanBackfill } from './plan-backfill.ts';
import { createPlanReplay } from './plan-replay.ts';
import { createReleaseBatches } from './release-batches.ts';
import { createRebuildJournal } from './rebuild-journal.ts';
import { createReplayLetters } from './replay-letters.ts';
import { createPlanJournalReplay } from './plan-journal-replay.ts';
import { createReplayDay } from './replay-day.ts';
import { createRequestBackfill } from './request-backfill.ts';
import { createRetirePartitions } from './retire-partitions.ts';
import { createSettleCanary } from './settle-canary.ts';
import { createSettleMaintenance } from './settle-maintenance.ts';
import { createTidyPartitions } from './tidy-partitions.ts';
import { createResolveSource } from './resolve-source.ts';
import { createSaveReceipt } from './save-receipt.ts';
import { createSaveState } from './save-state.ts';
import { createSettleReplay } from './settle-replay.ts';
import { createSealCsv } from './seal-csv.ts';
import { createSweepSpool } from './sweep-spool.ts';
import { createUnpauseSchedule } from './unpause-schedule.ts';
import { createWakeDeliverers } from './wake-all-deliverers.ts';
import { createWriteBatch } from './write-batch.ts';

/** All activities, under their wire names. */
export type Activities = ReturnType<typeof createActivities>;

export function createActivities(dependencies: ActivityDependencies) {
  return {
    resolveSource: createResolveSource(dependencies),
    fetchBatch: createFetchBatch(dependencies),
    ...createWriteBatch(dependencies),
    saveState: createSaveState(dependencies),
    releaseBatches: createReleaseBatches(dependencies),
    saveReceipt: createSaveReceipt(dependencies),
    notifyAlerts: createNotifyAlerts(dependencies),
    planBackfill: createPlanBackfill(dependencies),
    requestBackfill: createRequestBackfill(dependencies),
    deferBatches: createDeferBatches(dependencies),
    deliverBatches: createDeliverBatches(dependencies),
    makePartitions: createMakePartitions(dependencies),
    tidyPartitions: createTidyPartitions(dependencies),
    indexPayloads: createIndexPayloads(dependencies),
    retirePartitions: createRetirePartitions(dependencies),
    settleMaintenance: createSettleMaintenance(dependencies),
    maintainPartitions: createMaintainPartitions(dependencies),
    sweepSpool: createSweepSpool(dependencies),
    sealCsv: createSealCsv(dependencies),
    planJournalReplay: createPlanJournalReplay(dependencies),
    replayDay: createReplayDay(dependencies),
    ...createRebuildJournal(dependencies),
    wakeDeliverers: createWakeDeliverers(dependencies),
    planReplay: createPlanReplay(dependencies),
    replayLetters: createReplayLetters(dependencies),
    settleReplay: createSettleReplay(dependencies),
    finishReplay: createFinishReplay(dependencies),
    fetchCanary: createFetchCanary(dependencies),
    confirmCanary: createConfirmCanary(dependencies),
    cleanCanary: createCleanCanary(dependencies),
    settleCanary: createSettleCanary(dependencies),
    unpauseSchedule: createUnpauseSchedule(dependencies),
  };
}
