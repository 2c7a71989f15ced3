import { log } from '@temporalio/activity';
import { Instance } from '../../domain/instance.ts';
import type { AlertVerdict } from '../../domain/monitoring/alert.ts';
import type { PollEnd } from '../../domain/state/fetch-position.ts';
import { sinks } from '../../domain/run/sink.ts';
import { isUnchangedPoll } from '../../domain/run/last-run.ts';
import type { FailedReceipt, Receipt } from '../../domain/run/receipt.ts';
import type { Redact } from '../../domain/secrets/redact.ts';
import { summarizeState, type SourceState } from '../../domain/state/source-state.ts';
import { anyReadable, clearMissing, listDeferred } from '../../store/delivery/deferred.ts';
import { deleteEarlierReceipts, writeReceipt } from '../../store/run/receipts.ts';
import { isSuperseded, readState } from '../../store/run/states.ts';
import { windowName, type TimeRangeText } from '../../domain/time/backfill-windows.ts';
import { unknownAlerts } from '../../store/alerts/alert-view.ts';
import { storeVerdicts } from '../../store/alerts/store-alert.ts';
import { writeWindow } from '../../store/backfill/window-results.ts';
import {
  cleanVerdicts,
  keepUnlessStored,
  hasAlertsToSend,
  recordAlerts,
  type AlertTools,
} from '../alerts/record-alerts.ts';
import type { Uses } from '../support/dependencies.ts';
import { redactorFor, type SecretAccess } from '../support/source-secrets.ts';

export interface SaveReceiptInput {
  readonly receipt: Receipt | FailedReceipt;
  /** How the run changes the source's alerts. */
  readonly verdicts: readonly AlertVerdict[];
  /** Set where this was a window of a backfill: it is not a run of the source itself. */
  readonly window?: TimeRangeText;
  /** The state of the source after the run, where the run knows that it is stored. */
  readonly state?: SourceState;
  /**
   * Set where the run was that of a schedule, after one that did not fail: when the last run ended that may have changed the alerts of the
   * source, null = unknown. Mostly there is no alert to close then. Absent = all of them are read.
   */
  readonly alertsSince?: string | null;
  /** Whether a command has changed the state since the run began. Absent = the store says so. */
  readonly isSuperseded?: boolean;
  /** An earlier attempt to end the run, which was lost or failed, may have stored a receipt. */
  readonly again?: boolean;
  /** What the run knows of its poll; absent in a window, and where its source could not be resolved. */
  readonly poll?: PollFacts;
}

export interface PollFacts {
  /** Of the state that the run began with. */
  readonly epoch: number;
  /** Null if the poll did not come to its end. */
  readonly end: PollEnd | null;
}

export interface SaveReceiptResult {
  /** There are alerts to send. */
  readonly notify: boolean;
  /** What was added to the receipt; absent if nothing was. */
  readonly added?: Partial<Receipt>;
}

/**
 * Stores the receipt of a run, and its changes of alerts; that of an unchanged poll is only noted. Safe to repeat: its name has the run and the
 * time of its end, and another one of the same run is deleted.
 */
export function createSaveReceipt(
  dependencies: SecretAccess & AlertTools & Uses<'alertWebhook' | 'knownAlerts' | 'lastRuns' | 'onReceipt'>,
) {
  return async function saveReceipt(input: SaveReceiptInput): Promise<SaveReceiptResult> {
    const { verdicts, window, poll } = input;
    const { source } = input.receipt;
    const redact = redactorFor(source, dependencies);
    const added = poll && (await stateChange(dependencies, input, poll));
    const receipt = { ...input.receipt, ...added };
    if (window || !isUnchangedPoll(receipt)) {
      await keepUnlessStored(dependencies, source, cleanVerdicts(verdicts, redact), () =>
        window ? writeWindow(dependencies.store, window, receipt) : writeReceipt(dependencies.store, receipt),
      );
    }
    if (input.again && !window) await deleteEarlierReceipts(dependencies.store, receipt);
    logRun(receipt, window, redact);
    const { store, knownAlerts } = dependencies;
    const { alertsSince } = input;
    const known =
      alertsSince === undefined
        ? unknownAlerts
        : await knownAlerts.view(store, alertsSince === null ? null : { source, since: alertsSince });
    const recovered =
      poll && known.mayBeOpen(source, 'batch_gone') ? await fetchedAgain(dependencies, receipt, poll) : [];
    await recordAlerts(dependencies, source, [...verdicts, ...recovered], redact, known);
    // The deferred batches may have been delivered before their alert was opened; then nothing else would resolve it.
    const resolved = [
      ...(await delivered(dependencies, source, verdicts)),
      ...(await storeVerdicts(store, source, known)),
    ];
    await recordAlerts(dependencies, source, resolved, redact);
    const notify = await hasAlertsToSend(dependencies, source, known);
    if (!window) {
      const after = added ? undefined : input.state;
      if (after?.receiptAt === receipt.finishedAt) {
        // Else only those of some names have been read.
        if (alertsSince === undefined) await knownAlerts.readAll(store, source);
        knownAlerts.seenTo(source, receipt.finishedAt);
      }
      const state = after ?? (await readState(store, source)).state;
      dependencies.lastRuns.note({ receipt, state }, Instance.isCommandRun(receipt.workflowId));
      dependencies.onReceipt(receipt);
    }
    return { notify, ...(added ? { added } : {}) };
  };
}

/** The warning of a receipt if a command changed the state of its source: the next run starts from that. */
async function stateChange(
  { store }: Uses<'store'>,
  { receipt: { source, warnings = [] }, isSuperseded: isKnown }: SaveReceiptInput,
  { epoch }: PollFacts,
): Promise<Partial<Receipt> | undefined> {
  if (!(isKnown ?? (await isSuperseded(store, source, epoch)))) return undefined;
  const { state } = await readState(store, source);
  const message =
    'the source state was changed during the run, by a command or because a damaged batch was set aside; the next run starts from the changed state';
  return {
    resume: state ? summarizeState(state) : { watermark: null },
    warnings: [...warnings, { code: 'state_changed', message, count: 1 }],
  };
}

/** A poll that reached its end may have fetched batches again that were gone from the spool. */
async function fetchedAgain(
  { store }: Uses<'store'>,
  { source, outcome }: Receipt | FailedReceipt,
  { epoch, end }: PollFacts,
): Promise<AlertVerdict[]> {
  if (outcome === 'failed' || !end || end.cutShort || end.notModified || end.notBefore !== null) return [];
  const left = await clearMissing(store, source, { epoch, since: end.since ?? null });
  return left > 0 ? [] : [{ name: 'batch_gone', message: null }];
}

function logRun(receipt: Receipt | FailedReceipt, window: TimeRangeText | undefined, redact: Redact): void {
  const {
    source,
    outcome,
    fetched,
    accepted,
    rejected,
    unchanged,
    filtered = 0,
    csv,
    postgres,
    pages,
    batches,
  } = receipt;
  const fields = {
    source,
    outcome,
    ...(window ? { window: windowName(window) } : {}),
    fetched,
    accepted,
    rejected,
    unchanged,
    ...(filtered > 0 ? { filtered } : {}),
    pages,
    batches,
    written: postgres.written,
    deferred: csv.deferred + postgres.deferred,
    durationMs: Date.parse(receipt.finishedAt) - Date.parse(receipt.startedAt),
  };
  if (receipt.outcome !== 'failed') return log.info('Run finished', fields);
  const { type, message } = receipt.error;
  log.warn('Run failed', { ...fields, errorType: type, error: redact(message) });
}

/** The alerts for batches that are no longer deferred. */
async function delivered(
  { store }: Uses<'store'>,
  source: string,
  verdicts: readonly AlertVerdict[],
): Promise<AlertVerdict[]> {
  const resolved: AlertVerdict[] = [];
  for (const sink of sinks) {
    const name = `deferred_${sink}` as const;
    const isOpened = verdicts.some((verdict) => verdict.name === name && verdict.message !== null);
    if (isOpened && !(await anyReadable(store, await listDeferred(store, sink, source)))) {
      resolved.push({ name, message: null });
    }
  }
  return resolved;
}
