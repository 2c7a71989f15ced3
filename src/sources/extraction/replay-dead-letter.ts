import { ExactNumber, writeDeepJson } from '../../formats/exact-json.ts';
import { isObject } from '../../domain/is-object.ts';
import { forEachOf } from '../../domain/plan/for-each.ts';
import type { KeptRecord } from '../../domain/dead-letters/dead-letter.ts';
import { changeAt, parseKeyPath } from '../../formats/jmespath/key-path.ts';
import type { AcceptedRecord } from '../../domain/run/record.ts';
import { mask } from '../../domain/secrets/redact.ts';
import type { Rejection, RejectionReason } from '../../domain/dead-letters/rejection.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import { rawText, type Extraction, type Extractor, type RawRecord } from './extract-record.ts';
import { keptShaped, keptUnshaped } from './shaping/kept-record.ts';
import type { Shaper } from './shaping/shape-record.ts';

/** What a replay needs from a dead letter. */
export interface ReplayableDeadLetter {
  readonly reason: RejectionReason;
  /** The raw record; may hold exact numbers. */
  readonly record: unknown;
  /** When it was refused. ISO 8601. */
  readonly at: string;
  /** When it was fetched, where that was not `at`. */
  readonly fetchedAt?: string;
  /** Page of its run; 0 = PostgreSQL refused it. */
  readonly page?: number;
  readonly shaped?: boolean;
  readonly exploded?: true;
  /** Set where nothing of the record was kept. */
  readonly sha256?: string;
}

export type ReplayOutcome =
  /** What is stored now: more than one record where it is exploded, none where `filter` leaves it out. */
  | { readonly kind: 'passed'; readonly records: readonly AcceptedRecord[] }
  /** @param kept what its new dead letter keeps, where that is something else */
  | { readonly kind: 'refused'; readonly rejection: Rejection; readonly kept?: KeptRecord }
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

/**
 * Makes the function that extracts a dead letter's record again, by the source's configuration as it is now.
 * @param shaper null = the source's records are not shaped
 */
export function createDeadLetterReplay(
  plan: SourcePlan,
  extract: Extractor,
  shaper: Shaper | null = null,
): DeadLetterReplay {
  const extracted = (raw: RawRecord, { at, fetchedAt = at }: ReplayableDeadLetter, now: Date) => {
    const first = extract(raw, new Date(fetchedAt));
    // What lay ahead when it was fetched may be past by now.
    return !first.ok && first.rejection.reason === 'out_of_range' ? extract(raw, now) : first;
  };
  return (letter, now) => {
    if (letter.reason === 'duplicate_id') return { kind: 'refused', rejection: sharedId };
    if (letter.reason === 'parent_failed') return replayOfParent(plan, letter);
    const why = whyUnreplayable(plan, letter);
    if (why !== null) return { kind: 'unreplayable', why };
    const raw: RawRecord = { value: letter.record, exact: true, mayBeDeep: true };
    if (!shaper) return outcomeOf([extracted(raw, letter, now)]);
    if (isShaped(letter)) {
      const masked = shaper.maskAgain(raw);
      const kept = { recordText: rawText(masked), shaped: true };
      return outcomeOf([extracted(masked, letter, now)], [kept]);
    }
    const records = letter.exploded ? [shaper.shapeElement(raw)] : shaper.shape(raw);
    const results: Extraction[] = [];
    const kept: KeptRecord[] = [];
    for (const record of records) {
      if (record.kind === 'filtered') continue;
      const isElement = letter.exploded ?? shaper.explodes;
      results.push(
        record.kind === 'refused' ? { ok: false, rejection: record.rejection } : extracted(record.raw, letter, now),
      );
      kept.push(
        record.kind === 'refused'
          ? keptUnshaped(record.before, shaper.masks, record.isElement)
          : keptShaped(record, shaper.masks, isElement),
      );
    }
    return outcomeOf(results, kept);
  };
}

function replayOfParent(plan: SourcePlan, { record, shaped, sha256 }: ReplayableDeadLetter): ReplayOutcome {
  const forEach = forEachOf(plan);
  if (forEach === null) return { kind: 'unreplayable', why: 'the source no longer has a for_each' };
  if (forEach.type === 'values') return { kind: 'queued', parent: null };
  if (sha256 !== undefined) {
    const why =
      'its requests or its shaping read a field of the parent that the mask of the source hides; it is requested again once the parent changes, or after state reset';
    return { kind: 'unreplayable', why };
  }
  if (!isObject(record) || !isObject(record['parent'])) {
    return { kind: 'unreplayable', why: 'it was kept as text, not as the parent that it was' };
  }
  const parent = writeDeepJson(record['parent']);
  if (shaped !== true && parent.includes(mask)) {
    return { kind: 'unreplayable', why: `it contains a secret that was masked as ${mask}` };
  }
  return { kind: 'queued', parent };
}

/** Of several records all must pass: those that did are stored already, or will be with the next replay. */
function outcomeOf(results: readonly Extraction[], kept: readonly KeptRecord[] = []): ReplayOutcome {
  const records: AcceptedRecord[] = [];
  for (const [position, result] of results.entries()) {
    if (result.ok) records.push(result.record);
    else {
      const own = results.length === 1 ? kept[position] : undefined;
      return { kind: 'refused', rejection: result.rejection, ...(own ? { kept: own } : {}) };
    }
  }
  return { kind: 'passed', records };
}

/** Whether it was kept as it would have been stored. What PostgreSQL refuses always is. */
function isShaped({ shaped, page }: ReplayableDeadLetter): boolean {
  return shaped === true || page === 0;
}

/** Why the stored text of a record is not what the source sent; null if it is. */
function whyUnreplayable(plan: SourcePlan, letter: ReplayableDeadLetter): string | null {
  const { reason, record, shaped, sha256 } = letter;
  if (sha256 !== undefined) {
    return 'it was refused before the mask of the source could be applied; only its size and hash were kept';
  }
  if (reason === 'invalid_json' || (reason === 'wrong_shape' && shaped !== false)) {
    return 'it could not be read from its page or file; only this excerpt was kept';
  }
  const isText = typeof record !== 'object' || record === null || record instanceof ExactNumber;
  // A list may be mapped to an object.
  if (isText || (Array.isArray(record) && !plan.shaping)) {
    return 'it was kept as text, not as the object that it may have been';
  }
  const open = isShaped(letter) ? withoutMasks(record, plan) : record;
  if (writeDeepJson(open).includes(mask)) return `it contains a secret that was masked as ${mask}`;
  if (plan.type === 'html' && plan.detail && (reason === 'out_of_range' || reason === 'too_large')) {
    return 'its detail page may not have been read';
  }
  return null;
}

/** A shaped record without the fields that the source's mask replaces by the same text as a secret. */
function withoutMasks(record: unknown, { shaping }: SourcePlan): unknown {
  const paths = Object.keys(shaping?.mask?.fields ?? {}).flatMap((path) => [parseKeyPath(path) ?? [path], [path]]);
  return paths.reduce((open, keys) => changeAt(open, keys, () => undefined), record);
}
