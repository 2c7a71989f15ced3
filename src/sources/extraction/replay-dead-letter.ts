import { ExactNumber, writeDeepJson } from '../../formats/exact-json.ts';
import { isObject } from '../../domain/is-object.ts';
import { forEachOf } from '../../domain/plan/for-each.ts';
import type { AcceptedRecord } from '../../domain/run/record.ts';
import { mask } from '../../domain/secrets/redact.ts';
import type { Rejection, RejectionReason } from '../../domain/dead-letters/rejection.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { Extractor, RawRecord } from './extract-record.ts';

/** What a replay needs from a dead letter. */
export interface ReplayableDeadLetter {
  readonly reason: RejectionReason;
  /** The raw record; may hold exact numbers. */
  readonly record: unknown;
  /** When it was refused. ISO 8601. */
  readonly at: string;
  /** When it was fetched, where that was not `at`. */
  readonly fetchedAt?: string;
}

export type ReplayOutcome =
  | { readonly kind: 'passed'; readonly record: AcceptedRecord }
  | { readonly kind: 'refused'; readonly rejection: Rejection }
  /** The next run requests the parent again; null = it requests it anyway. */
  | { readonly kind: 'queued'; readonly parent: string | null }
  /** Only the source can give it again. */
  | { readonly kind: 'unreplayable'; readonly why: string };

export type DeadLetterReplay = (letter: ReplayableDeadLetter, now: Date) => ReplayOutcome;

/**
 * A record whose id another one of its page had is fetched again once the id is unique: stored from here under the old id it would
 * count as already stored, and be lost.
 */
const sharedId: Rejection = {
  reason: 'duplicate_id',
  message:
    'another record of its page has the same id; choose a unique id. The next poll that reads it stores it (for an incremental source: after state rewind)',
};

/** Makes the function that extracts a dead letter's record again, by the source's configuration as it is now. */
export function createDeadLetterReplay(plan: SourcePlan, extract: Extractor): DeadLetterReplay {
  return (letter, now) => {
    if (letter.reason === 'duplicate_id') return { kind: 'refused', rejection: sharedId };
    if (letter.reason === 'parent_failed') return replayOfParent(plan, letter);
    const why = whyUnreplayable(plan, letter);
    if (why !== null) return { kind: 'unreplayable', why };
    const raw: RawRecord = { value: letter.record, exact: true, mayBeDeep: true };
    const first = extract(raw, new Date(letter.fetchedAt ?? letter.at));
    // What lay ahead when it was fetched may be past by now.
    const result = !first.ok && first.rejection.reason === 'out_of_range' ? extract(raw, now) : first;
    return result.ok ? { kind: 'passed', record: result.record } : { kind: 'refused', rejection: result.rejection };
  };
}

function replayOfParent(plan: SourcePlan, { record }: ReplayableDeadLetter): ReplayOutcome {
  const forEach = forEachOf(plan);
  if (forEach === null) return { kind: 'unreplayable', why: 'the source no longer has a for_each' };
  if (forEach.type === 'values') return { kind: 'queued', parent: null };
  if (!isObject(record) || !isObject(record['parent'])) {
    return { kind: 'unreplayable', why: 'it was kept as text, not as the parent that it was' };
  }
  const parent = writeDeepJson(record['parent']);
  if (parent.includes(mask)) return { kind: 'unreplayable', why: `it contains a secret that was masked as ${mask}` };
  return { kind: 'queued', parent };
}

/** Why the stored text of a record is not what the source sent; null if it is. */
function whyUnreplayable(plan: SourcePlan, { reason, record }: ReplayableDeadLetter): string | null {
  if (reason === 'invalid_json' || reason === 'wrong_shape') {
    return 'it could not be read from its page or file; only this excerpt was kept';
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record) || record instanceof ExactNumber) {
    return 'it was kept as text, not as the object that it may have been';
  }
  if (writeDeepJson(record).includes(mask)) return `it contains a secret that was masked as ${mask}`;
  if (plan.type === 'html' && plan.detail && (reason === 'out_of_range' || reason === 'too_large')) {
    return 'its detail page may not have been read';
  }
  return null;
}
