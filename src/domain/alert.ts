import { deadLetters, exceedsRejectRatio, sinks, type FailedReceipt, type Receipt, type Sink } from './receipt.ts';
import type { ExpectPlan } from './source.ts';

/** What can be wrong with a source, beyond a single run. The names are public: docs/errors.md explains each. */
export const alertNames = [
  'run_failed',
  'reject_ratio',
  'empty',
  'min_records',
  'staleness',
  'config',
  'state',
  'deferred_csv',
  'deferred_postgres',
  'batch_gone',
  'maintenance',
  'journal',
  'canary',
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

/** How things stand with one alert of a source. */
export interface AlertVerdict {
  readonly name: AlertName;
  /** Null = all is well. */
  readonly message: string | null;
}

/** What a run is judged by. */
export interface RunFacts {
  readonly receipt: Receipt | FailedReceipt;
  readonly maxRejectRatio: number;
  readonly allowEmpty: boolean;
  readonly expect: ExpectPlan;
  /** Why batches of the run wait for a sink. */
  readonly deferredBecause: ReadonlyMap<Sink, string>;
  /** When the source last brought a new record, or was first asked. ISO 8601; null = never asked. */
  readonly lastNewAt: string | null;
}

/** Which alerts a run opens, and which it resolves; those it says nothing about stay as they are. */
export function alertsOfRun(facts: RunFacts): AlertVerdict[] {
  return [...pollVerdicts(facts), ...deferralVerdicts(facts)];
}

/** What a window of a backfill says of alerts: of the source itself nothing. */
export function alertsOfWindow(facts: Pick<RunFacts, 'receipt' | 'deferredBecause'>): AlertVerdict[] {
  return deferralVerdicts(facts);
}

/** A sink that takes nothing; the delivery of what waits resolves it. */
function deferralVerdicts({ receipt, deferredBecause }: Pick<RunFacts, 'receipt' | 'deferredBecause'>): AlertVerdict[] {
  return sinks.flatMap((sink): AlertVerdict[] => {
    const { deferred } = receipt[sink];
    if (deferred === 0) return [];
    const message = `${deferred} records of ${receipt.source} wait for ${sink}: ${deferredBecause.get(sink) ?? 'see ./daybook status'}`;
    return [{ name: `deferred_${sink}`, message }];
  });
}

function pollVerdicts({ receipt, maxRejectRatio, allowEmpty, expect, lastNewAt }: RunFacts): AlertVerdict[] {
  if (receipt.outcome === 'failed') return failureVerdicts(receipt);
  const { outcome, fetched, source } = receipt;
  const verdicts: AlertVerdict[] = [{ name: 'run_failed', message: null }];
  if (fetched > 0) {
    const tooMany = exceedsRejectRatio(receipt, maxRejectRatio);
    verdicts.push({ name: 'reject_ratio', message: tooMany ? rejectMessage(receipt) : null });
  }
  if (outcome !== 'rate_limited' && outcome !== 'deferred') {
    const empty = outcome === 'empty' && !allowEmpty;
    const message = `${source} had no records; set allow_empty: true if that is normal`;
    verdicts.push({ name: 'empty', message: empty ? message : null });
  }
  // A poll that the source answered with "nothing new" says nothing of how many records there are.
  if (expect.minRecords !== null && (fetched > 0 || outcome === 'empty')) {
    const short = fetched < expect.minRecords;
    const message = `${source} had ${fetched} records, expect.min_records is ${expect.minRecords}`;
    verdicts.push({ name: 'min_records', message: short ? message : null });
  }
  if (expect.maxStalenessMs !== null && lastNewAt !== null) {
    verdicts.push({ name: 'staleness', message: staleness(receipt, expect.maxStalenessMs, lastNewAt) });
  }
  return verdicts;
}

function failureVerdicts(receipt: FailedReceipt): AlertVerdict[] {
  const { type, message } = receipt.error;
  // Who cancelled a run knows.
  if (type === 'Cancelled') return [];
  // The workers do not agree on the source: nothing is wrong with the source itself.
  if (type === 'ConfigChanged') return [{ name: 'config', message }];
  if (type === 'TooManyRejects') return [{ name: 'reject_ratio', message: rejectMessage(receipt) }];
  return [{ name: 'run_failed', message: `${type}: ${message}` }];
}

function rejectMessage(receipt: Receipt | FailedReceipt): string {
  return `${deadLetters(receipt)} of ${receipt.fetched} records of ${receipt.source} were rejected`;
}

function staleness({ source, finishedAt }: Receipt, maxMs: number, lastNewAt: string): string | null {
  const silentMs = Date.parse(finishedAt) - Date.parse(lastNewAt);
  if (silentMs <= maxMs) return null;
  return `${source} brought no new record since ${lastNewAt}, expect.max_staleness is ${Math.round(maxMs / 1000)} s`;
}
