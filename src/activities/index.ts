import type { ActivityDependencies } from './support/dependencies.ts';
import { createCleanCanary } from './canary/clean-canary.ts';
import { createConfirmCanary } from './canary/confirm-canary.ts';
import { createDeferBatches } from './delivery/defer-batches.ts';
import { createDeliverBatches } from './delivery/deliver-batches.ts';
import { createCancelExport } from './run/cancel-export.ts';
import { createLookAtExport } from './run/look-at-export.ts';
import { createSubmitExport } from './run/submit-export.ts';
import { createFetchBatch } from './run/fetch-batch.ts';
import { createFetchCanary } from './canary/fetch-canary.ts';
import { createFinishRun } from './run/finish-run.ts';
import { createFinishReplay } from './dead-letters/finish-replay.ts';
import { createMaintainPartitions } from './rollover/maintain-partitions.ts';
import { createIndexPayloads } from './rollover/index-payloads.ts';
import { createMakePartitions } from './rollover/make-partitions.ts';
import { createNotifyAlerts } from './alerts/notify-alerts.ts';
import { createPlanBackfill } from './backfill/plan-backfill.ts';
import { createProbeSink } from './delivery/probe-sink.ts';
import { createProbeSources } from './probe/probe-sources.ts';
import { createPlanReplay } from './dead-letters/plan-replay.ts';
import { createReleaseBatches } from './run/release-batches.ts';
import { createRebuildJournal } from './journal/rebuild-journal.ts';
import { createReplayLetters } from './dead-letters/replay-page.ts';
import { createPlanJournalReplay } from './journal/plan-journal-replay.ts';
import { createReplayDay } from './journal/replay-day.ts';
import { createRequestBackfill } from './backfill/request-backfill.ts';
import { createResumeDeliveries } from './delivery/resume-deliveries.ts';
import { createRetirePartitions } from './rollover/retire-partitions.ts';
import { createSettleCanary } from './canary/record-canary-result.ts';
import { createSettleMaintenance } from './rollover/record-maintenance-result.ts';
import { createTidyPartitions } from './rollover/tidy-partitions.ts';
import { createResolveSource } from './run/resolve-source.ts';
import { createSaveReceipt } from './run/save-receipt.ts';
import { createSaveState } from './run/save-state.ts';
import { createSettleReplay } from './dead-letters/hide-replayed.ts';
import { createSealCsv } from './rollover/seal-csv.ts';
import { createSweepSpool } from './delivery/sweep-spool.ts';
import { createUnpauseSchedule } from './schedules/unpause-schedule.ts';
import { createStartDeliveries } from './delivery/start-deliveries.ts';
import { createWriteBatches } from './run/write-batches.ts';
import { createWriteAndFinish } from './run/write-and-finish.ts';
import { createWriteBatch } from './run/write-batch.ts';

/** All activities, under their wire names. */
export type Activities = ReturnType<typeof createActivities>;

export function createActivities(dependencies: ActivityDependencies) {
  const fetchBatch = createFetchBatch(dependencies);
  const saveState = createSaveState(dependencies);
  const releaseBatches = createReleaseBatches(dependencies);
  const saveReceipt = createSaveReceipt(dependencies);
  const finishRun = createFinishRun({ saveState, saveReceipt, releaseBatches, store: dependencies.store });
  const writeBatches = createWriteBatches(dependencies);
  return {
    resolveSource: createResolveSource(dependencies, { fetchBatch, finishRun }),
    fetchBatch,
    writeBatches,
    writeAndFinish: createWriteAndFinish({ writeBatches, finishRun }),
    ...createWriteBatch(dependencies),
    saveState,
    releaseBatches,
    saveReceipt,
    finishRun,
    submitExport: createSubmitExport(dependencies),
    lookAtExport: createLookAtExport(dependencies),
    cancelExport: createCancelExport(dependencies),
    probeSources: createProbeSources(dependencies),
    notifyAlerts: createNotifyAlerts(dependencies),
    planBackfill: createPlanBackfill(dependencies),
    requestBackfill: createRequestBackfill(),
    deferBatches: createDeferBatches(dependencies),
    deliverBatches: createDeliverBatches(dependencies),
    probeSink: createProbeSink(dependencies),
    resumeDeliveries: createResumeDeliveries(dependencies),
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
    wakeDeliverers: createStartDeliveries(dependencies),
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
