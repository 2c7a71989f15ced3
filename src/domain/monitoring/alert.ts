import { allRejected, deadLetters, exceedsRejectRatio, type FailedReceipt, type Receipt } from '../run/receipt.ts';
import { sinks, type Sink } from '../run/sink.ts';
import type { DuplicateShare, PollEnd } from '../state/fetch-position.ts';
import type { ExpectPlan } from '../plan/source-plan.ts';

/** What can be wrong with a source, beyond a single run. The names are public: docs/errors.md explains each. */
export const alertNames = [
  'run_failed',
  'login_needed',
  'reject_ratio',
  'empty',
  'min_records',
  'all_rejected',
  'duplicate_id',
  'staleness',
  'paging',
  'config',
  'state',
  'deferred_csv',
  'deferred_postgres',
  'batch_gone',
  'maintenance',
  'journal',
  'store',
  'canary',
  'no_worker',
  'for_each_behind',
] as const;
export type AlertName = (typeof alertNames)[number];

/** A state change that an operator should know of: the body of a webhook's request. */
export interface Alert {
  readonly name: AlertName;
  /** The source; of what concerns none, `daybook`. */
  readonly source: string;
  readonly state: 'open' | 'resolved';
  /** When it was opened. ISO 8601. */
  readonly since: string;
  readonly message: string;
}

/** The fields of an alert in a log line. */
export function alertFields({ name, source, state, since, message }: Alert) {
  return { event: 'alert', source, name, state, since, message };
}

/** Tells alerts apart: a source has one of each name. */
export function alertKey({ name, source }: Pick<Alert, 'name' | 'source'>): string {
  return `${source}/${name}`;
}

/** The state of one alert of a source. */
export interface AlertVerdict {
  readonly name: AlertName;
  /** Null = all is well. */
  readonly message: string | null;
}

/** The facts that decide about a run's alerts. */
export interface RunFacts {
  readonly receipt: Receipt | FailedReceipt;
  readonly maxRejectRatio: number;
  readonly allowEmpty: boolean;
  readonly expect: ExpectPlan;
  /** Why batches of the run wait for a sink. */
  readonly deferredBecause: ReadonlyMap<Sink, string>;
  /** When the source last brought a new record, or was first asked. ISO 8601; null = never asked. */
  readonly lastNewAt: string | null;
  /** The page with the largest share of records that have their id in common; null if there was none. */
  readonly duplicates: DuplicateShare | null;
  /** How the poll ended; absent or null if it did not come to an end. */
  readonly end?: PollEnd | null;
}

/** Which alerts a run opens, and which it resolves; all others stay as they are. */
export function alertsOfRun(facts: RunFacts): AlertVerdict[] {
  return [...pollVerdicts(facts), ...deferralVerdicts(facts)];
}

/** What a window of a backfill means for alerts: nothing about the source itself. */
export function alertsOfWindow(facts: Pick<RunFacts, 'receipt' | 'deferredBecause'>): AlertVerdict[] {
  return deferralVerdicts(facts);
}

/** A sink that accepts nothing; the delivery of the deferred batches resolves it. */
function deferralVerdicts({ receipt, deferredBecause }: Pick<RunFacts, 'receipt' | 'deferredBecause'>): AlertVerdict[] {
  return sinks.flatMap((sink): AlertVerdict[] => {
    const { deferred } = receipt[sink];
    if (deferred === 0) return [];
    const message = `${deferred} records of ${receipt.source} are deferred for ${sink}: ${deferredBecause.get(sink) ?? 'see ./daybook status'}`;
    return [{ name: `deferred_${sink}`, message }];
  });
}

function pollVerdicts({
  receipt,
  maxRejectRatio,
  allowEmpty,
  expect,
  lastNewAt,
  duplicates,
  end,
}: RunFacts): AlertVerdict[] {
  if (receipt.outcome === 'failed') return failureVerdicts(receipt);
  const { outcome, fetched, source } = receipt;
  const verdicts: AlertVerdict[] = [
    { name: 'run_failed', message: null },
    { name: 'login_needed', message: null },
  ];
  if (fetched > 0) {
    const tooMany = exceedsRejectRatio(receipt, maxRejectRatio, end?.parents);
    verdicts.push({ name: 'reject_ratio', message: tooMany ? rejectMessage(receipt) : null });
    verdicts.push({ name: 'all_rejected', message: allRejected(receipt) ? allRejectedMessage(receipt) : null });
  }
  if (outcome !== 'rate_limited' && outcome !== 'deferred') {
    const empty = outcome === 'empty' && !allowEmpty;
    const message = `${source} had no records; set allow_empty: true if that is normal`;
    verdicts.push({ name: 'empty', message: empty ? message : null });
  }
  // A poll that the source answered with "nothing new" does not show how many records there are.
  if (expect.minRecords !== null && (fetched > 0 || outcome === 'empty')) {
    const { rejected } = receipt;
    const good = fetched - rejected;
    const besides = rejected > 0 ? ` besides ${rejected} rejected ones` : '';
    const short = good < expect.minRecords;
    const message = `${source} had ${good} records${besides}, expect.min_records is ${expect.minRecords}`;
    verdicts.push({ name: 'min_records', message: short ? message : null });
  }
  // Records of the previous poll are not always read again: only new records resolve it.
  if (duplicates !== null || receipt.accepted > 0) {
    verdicts.push({ name: 'duplicate_id', message: duplicateMessage(source, duplicates) });
  }
  // Only a poll that read pages can judge them.
  if (end && !end.notModified && end.notBefore === null) {
    verdicts.push({ name: 'paging', message: end.paging ?? null });
  }
  if (expect.maxStalenessMs !== null && lastNewAt !== null) {
    verdicts.push({ name: 'staleness', message: staleness(receipt, expect.maxStalenessMs, lastNewAt) });
  }
  return verdicts;
}

function failureVerdicts(receipt: FailedReceipt): AlertVerdict[] {
  const { type, message } = receipt.error;
  // A run was cancelled on purpose.
  if (type === 'Cancelled') return [];
  // The workers have different configurations: nothing is wrong with the source itself.
  if (type === 'ConfigChanged') return [{ name: 'config', message }];
  if (type === 'TooManyRejects') {
    const verdicts: AlertVerdict[] = [{ name: 'reject_ratio', message: rejectMessage(receipt) }];
    return allRejected(receipt)
      ? [...verdicts, { name: 'all_rejected', message: allRejectedMessage(receipt) }]
      : verdicts;
  }
  const failed: AlertVerdict = { name: 'run_failed', message: `${type}: ${message}` };
  return type === 'LoginNeeded' ? [{ name: 'login_needed', message }, failed] : [failed];
}

/** The message for a poll whose records were all rejected (see {@link allRejected}). */
export function allRejectedMessage({ source, fetched }: Receipt | FailedReceipt): string {
  const which =
    fetched === 1
      ? `the only record of ${source} became a dead letter`
      : `all ${fetched} records of ${source} became dead letters`;
  return `${which}; see ./daybook dead-letters list --source ${source}`;
}

function rejectMessage(receipt: Receipt | FailedReceipt): string {
  return `${deadLetters(receipt)} of ${receipt.fetched} records of ${receipt.source} were rejected`;
}

/** Share of a page from which on records that have their id in common are more than an accident. */
const maxDuplicateRatio = 0.1;

function duplicateMessage(source: string, share: DuplicateShare | null): string | null {
  if (share === null || share.duplicates / share.records <= maxDuplicateRatio) return null;
  const { duplicates, records } = share;
  return `${duplicates} of ${records} records of a page of ${source} have the same id as another one and are not stored: choose a unique id; see ./daybook preview ${source}`;
}

function staleness({ source, finishedAt }: Receipt, maxMs: number, lastNewAt: string): string | null {
  const silentMs = Date.parse(finishedAt) - Date.parse(lastNewAt);
  if (silentMs <= maxMs) return null;
  return `${source} has had no new record since ${lastNewAt}, expect.max_staleness is ${Math.round(maxMs / 1000)} s`;
}
