import { ActivityCancellationType, proxyActivities, workflowInfo, type ActivityOptions } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { BatchRef } from '../domain/run/batch.ts';
import { labelQueue } from '../domain/plan/label.ts';
import { fetchTimeoutMs } from '../domain/plan/large-bodies.ts';
import type { SourcePlan } from '../domain/plan/source-plan.ts';
import { remaining, retryPolicy } from './support/retry-policy.ts';

/** The retry policies of all activities, each with its reason: only here, in `export-activities.ts` and in `canary-activities.ts` activities are proxied. */

/** Notices a dead worker within 10 s: activities heartbeat every 2.5 s. */
export const heartbeatTimeout = '10s';

/** Reading and writing small blobs: nothing else can continue without them, so they are retried forever. */
const storePolicy: ActivityOptions = {
  startToCloseTimeout: '1m',
  heartbeatTimeout,
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
};

/** Live runs go before backfills (4) and replays (5), which are started with their own priority; sources share a busy worker fairly. */
export function priorityOf(source: string): ActivityOptions {
  return { priority: { priorityKey: workflowInfo().priority?.priorityKey ?? 2, fairnessKey: source } };
}

export function storeActivities(source: string) {
  return proxyActivities<
    Pick<
      Activities,
      | 'resolveSource'
      | 'saveState'
      | 'releaseBatches'
      | 'deferBatches'
      | 'saveReceipt'
      | 'planBackfill'
      | 'requestBackfill'
    >
  >({ ...storePolicy, ...priorityOf(source) });
}

/**
 * Resolving a source and trying its first fetch once. A worker that is lost is noticed by its heartbeats; what fails of the fetch is
 * a result, so retries concern the store alone. What the activity has done is awaited when the run is cancelled.
 */
export function beginActivities(source: string) {
  return proxyActivities<Pick<Activities, 'resolveSource'>>({
    ...storePolicy,
    ...priorityOf(source),
    startToCloseTimeout: '6m',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    summary: 'configuration, state and the first pages',
  });
}

/**
 * Asking the sources of a group: what fails of a source is a result, so retries concern the store and the server alone. Five hundred
 * sources that do not answer take a minute.
 */
export function probeActivities() {
  return proxyActivities<Pick<Activities, 'probeSources'>>({
    ...storePolicy,
    priority: { priorityKey: 2 },
    startToCloseTimeout: '10m',
    summary: 'conditional requests',
  });
}

/** The last step of a run. */
export function finishActivities(source: string) {
  return proxyActivities<Pick<Activities, 'finishRun'>>({
    ...storePolicy,
    ...priorityOf(source),
    summary: 'state, receipt and alerts',
  });
}

/**
 * Delivering deferred batches: patient, but each attempt is short if the sink is unavailable. After twenty of them the workflow
 * starts over, so it never ends before everything is delivered.
 */
export function deliveryActivities(source: string) {
  return proxyActivities<Pick<Activities, 'deliverBatches'>>({
    priority: { priorityKey: 4, fairnessKey: source },
    startToCloseTimeout: '5m',
    heartbeatTimeout,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s', maximumAttempts: 20 },
  });
}

/**
 * The watch of a sink that is unavailable. That is a result, so retries concern lost workers, and the store; those of the probe are
 * no quicker than the watch itself for long. Signalling thousands of deliverers takes minutes.
 */
export function watchActivities() {
  return proxyActivities<Pick<Activities, 'probeSink' | 'resumeDeliveries'>>({
    priority: { priorityKey: 2 },
    startToCloseTimeout: '10m',
    heartbeatTimeout,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
  });
}

/** Partition upkeep can wait, but not forever: each attempt is short if a lock is held. */
export function maintenanceActivities() {
  return proxyActivities<Pick<Activities, 'maintainPartitions' | 'sweepSpool' | 'wakeDeliverers'>>({
    priority: { priorityKey: 3 },
    startToCloseTimeout: '2h',
    heartbeatTimeout,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '5m' },
  });
}

/**
 * The same in steps that do not wait for each other forever: fifteen attempts take half an hour, which outlasts a reader of ten
 * minutes. Remaining failures open an alert, and the next rollover tries again.
 */
export function rolloverActivities() {
  return proxyActivities<
    Pick<
      Activities,
      | 'makePartitions'
      | 'tidyPartitions'
      | 'indexPayloads'
      | 'retirePartitions'
      | 'settleMaintenance'
      | 'sweepSpool'
      | 'wakeDeliverers'
    >
  >({
    priority: { priorityKey: 3 },
    startToCloseTimeout: '2h',
    heartbeatTimeout,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '5m', maximumAttempts: 15 },
  });
}

/**
 * Work on the CSV journal: a day of millions of rows takes its time. It is given up after about an hour of failures: the next
 * rollover tries again, and a replay can be started again.
 */
export function journalActivities() {
  return proxyActivities<Pick<Activities, 'sealCsv' | 'planJournalReplay'>>({
    priority: { priorityKey: workflowInfo().priority?.priorityKey ?? 3 },
    startToCloseTimeout: '6h',
    heartbeatTimeout,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '5m', maximumAttempts: 20 },
  });
}

/**
 * Replaying waits for an unavailable sink as long as necessary: an attempt continues where the one before stopped. A batch that is
 * being written is finished before a replay is cancelled.
 */
export function replayActivities() {
  return proxyActivities<Pick<Activities, 'replayDay'>>({
    priority: { priorityKey: workflowInfo().priority?.priorityKey ?? 5 },
    startToCloseTimeout: '6h',
    heartbeatTimeout,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
  });
}

/** Rebuilding the journal waits for PostgreSQL and for the CSV folder as long as necessary. */
export function rebuildActivities() {
  return proxyActivities<Pick<Activities, 'planRebuild' | 'rebuildSource'>>({
    priority: { priorityKey: workflowInfo().priority?.priorityKey ?? 5 },
    startToCloseTimeout: '12h',
    heartbeatTimeout,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
  });
}

/** Closing an alert: if that fails, a user can close it. */
export function settlingActivities() {
  return proxyActivities<Pick<Activities, 'settleRestored'>>({
    startToCloseTimeout: '1m',
    heartbeatTimeout,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s', maximumAttempts: 10 },
  });
}

/** Requests of operators are retried forever. */
export function scheduleActivities(source: string) {
  return proxyActivities<Pick<Activities, 'unpauseSchedule'>>({
    ...priorityOf(source),
    startToCloseTimeout: '1m',
    heartbeatTimeout,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '5m' },
  });
}

/** Sending an alert is tried again at the next run anyway. */
export function alertActivities(source: string) {
  return proxyActivities<Pick<Activities, 'notifyAlerts'>>({
    ...priorityOf(source),
    startToCloseTimeout: '30s',
    heartbeatTimeout,
    retry: { maximumAttempts: 2 },
  });
}

/** Replaying reads and writes blobs only, a bounded page at a time: retried forever, as every access to the store. */
export function deadLetterActivities(source: string) {
  return proxyActivities<Pick<Activities, 'planReplay' | 'replayLetters' | 'settleReplay' | 'finishReplay'>>({
    ...storePolicy,
    // Planning reads all dead letters of the source.
    startToCloseTimeout: '10m',
    ...priorityOf(source),
  });
}

/**
 * Fetching follows the source's own policy. No scheduleToClose: it would run while a deploy has no worker.
 * @param isEager false if the worker of the workflow has another configuration: any worker may fetch then
 * @param attemptsBefore attempts that count, though another activity made them
 */
export function fetchActivities(plan: SourcePlan, isEager: boolean, attemptsBefore: number) {
  return proxyActivities<Pick<Activities, 'fetchBatch'>>({
    ...priorityOf(plan.name),
    startToCloseTimeout: fetchTimeoutMs(plan),
    heartbeatTimeout,
    retry: remaining(retryPolicy(plan.retry), attemptsBefore),
    allowEagerDispatch: isEager,
    ...(plan.runsOn === undefined ? {} : onWorkersWith(plan.runsOn)),
  });
}

/** Workers with a label poll a queue of their own. After ten minutes the run is planned again: its source may have another label by then. */
export function onWorkersWith(label: string): ActivityOptions {
  return { taskQueue: labelQueue(workflowInfo().taskQueue, label), scheduleToStartTimeout: '10m' };
}

/** About two minutes of patience: 1 + 2 + 4 + 8 + 16 + 30 + 30 + 30 s between nine attempts. */
const maxAttempts = 9;

/** How long the second attempt to write waits for. */
export const firstWriteDelayMs = 1_000;

/**
 * The first attempt to write, to both sinks at once: what a sink does not accept continues with `writeActivities`. A lost worker is
 * no attempt.
 */
export function combinedWriteActivities(source: string, batches: readonly BatchRef[]) {
  return proxyActivities<Pick<Activities, 'writeBatches' | 'writeAndFinish'>>({
    ...priorityOf(source),
    startToCloseTimeout: '2m',
    heartbeatTimeout,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { maximumAttempts: 1 },
    summary: summaryOf(batches),
  });
}

function summaryOf(batches: readonly BatchRef[]): string {
  const [first, last] = [batches.at(0)?.number, batches.at(-1)?.number];
  const records = batches.reduce((sum, batch) => sum + batch.records, 0);
  return `${first === last ? `batch ${first}` : `batches ${first} to ${last}`}, ${records} records, to CSV and PostgreSQL`;
}

/**
 * Writing is patient by attempts, never by scheduleToClose. A sink that was unavailable at the last run is tried only once. The
 * workflow awaits writes even when it is cancelled.
 * @param attemptsBefore attempts that count, though another activity made them
 */
export function writeActivities(source: string, wasDown: boolean, attemptsBefore: number) {
  return proxyActivities<Pick<Activities, 'writeCsv' | 'writePostgres'>>({
    ...priorityOf(source),
    startToCloseTimeout: '2m',
    heartbeatTimeout,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: remaining(
      {
        initialInterval: firstWriteDelayMs,
        backoffCoefficient: 2,
        maximumInterval: 30_000,
        maximumAttempts: wasDown ? 1 : maxAttempts,
      },
      attemptsBefore,
    ),
  });
}
