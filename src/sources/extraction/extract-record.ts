import { inspect } from 'node:util';
import { countBadBytes } from '../../domain/text/bad-bytes.ts';
import { dayNumberOfMicros } from '../../domain/time/day.ts';
import type { DaySet } from '../../domain/time/day-set.ts';
import { messageOf } from '../../domain/errors.ts';
import { truncate } from '../../domain/secrets/redact.ts';
import { compileFinder } from '../../formats/jmespath/jmespath.ts';
import {
  ExactNumber,
  holdsExtremeNumber,
  isTextDeeperThan,
  isValueDeeperThan,
  writeDeepJson,
  writeJson,
} from '../../formats/exact-json.ts';
import type { PayloadCheck } from '../../formats/json-schema.ts';
import { hidesValues } from '../../domain/plan/shaping-plan.ts';
import { recordId } from '../../formats/record-id.ts';
import type { AcceptedRecord } from '../../domain/run/record.ts';
import type { Rejection } from '../../domain/dead-letters/rejection.ts';
import { mayBeUnstorable, storableValue } from '../../formats/storable-text.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import { formatMicros, microsOfDate, type Micros } from '../../domain/time/timestamp.ts';
import { noTrace, type Trace } from '../compute/trace.ts';
import { createCandidates } from './candidates.ts';
import { createOccurredAt } from './occurred-at.ts';

/** Longest outline of a record. */
const maxOutline = 10_000;
/** Deepest nesting of a payload that is stored. */
export const maxDepth = 500;

/** A record as a source's page or file holds it. */
export interface RawRecord {
  readonly value: unknown;
  /** The value holds exact numbers (see `parseJson`). */
  readonly exact: boolean;
  /** Its JSON text on one line, where it was alone on one. */
  readonly text?: string;
  /** Whether the page nests so deep that this record may, too. */
  readonly mayBeDeep: boolean;
}

export type Extraction =
  | {
      readonly ok: true;
      readonly record: AcceptedRecord;
      /** What its user should know about it. */
      readonly warning?: RecordWarning;
    }
  | {
      readonly ok: false;
      readonly rejection: Rejection;
      /** The record's id, where it has a valid one. */
      readonly sourceId?: string;
    };

export type RecordWarning = 'time_fallback' | 'ambiguous_date';

export type Extractor = (raw: RawRecord, fetchedAt: Date) => Extraction;

/**
 * Makes the function that turns raw records into storable ones, or says why not. It counts the distinct days of the run
 * in `days`.
 */
export function createExtractor(
  plan: SourcePlan,
  days: DaySet,
  check: PayloadCheck | null = null,
  trace: Trace = noTrace,
): Extractor {
  const finders = plan.id.map(compileFinder);
  const candidates = createCandidates();
  const occurredAt = createOccurredAt(plan.occurredAt, plan.limits.maxAheadMs, plan.type === 'rss', !hidesValues(plan));
  return (raw, fetchedAt) => {
    trace.step('record');
    const payload = payloadOf(raw);
    if (!payload.ok) return payload;
    trace.step('id');
    const id = recordId(
      finders.map((find) => find(payload.value)),
      plan.id,
    );
    const broken = payload.repaired
      ? brokenId(
          finders.map((find) => find(raw.value)),
          plan.id,
        )
      : null;
    if (broken !== null) return reject('invalid_id', broken);
    const refuse = (reason: Rejection['reason'], message: string) => ({
      ...reject(reason, message),
      ...(id.ok ? { sourceId: id.id } : {}),
    });
    const bytes = Buffer.byteLength(payload.text);
    if (bytes > plan.limits.maxRecordBytes) {
      return refuse('too_large', `record is ${bytes} bytes long, max_record is ${plan.limits.maxRecordBytes}`);
    }
    trace.step('schema');
    const misfit = check && check(raw.exact ? JSON.parse(payload.text) : payload.value);
    if (misfit !== null) return refuse('schema', misfit);
    if (!id.ok) {
      const { reason, message } = id.rejection;
      return reject(reason, reason === 'missing_id' ? message + candidates.ids(payload.value) : message);
    }
    trace.step('occurred_at');
    const time = occurredAt(payload.value, fetchedAt);
    if (!time.ok) {
      const { reason, message } = time.rejection;
      return refuse(reason, reason === 'missing_time' ? message + candidates.times(payload.value) : message);
    }
    const range = outOfRange(plan, time.micros, fetchedAt, days);
    if (range !== null) return refuse('out_of_range', range);
    return {
      ok: true,
      record: {
        sourceId: id.id,
        occurredAt: time.micros,
        payload: payload.text,
        repaired: payload.repaired,
        timeFromRecord: time.fromRecord,
      },
      ...(time.isFallback ? { warning: 'time_fallback' } : {}),
    };
  };
}

/** What is wrong with an id that bytes without meaning are part of: others would get the same. Null = nothing. */
function brokenId(values: readonly unknown[], expressions: readonly string[]): string | null {
  const index = values.findIndex((value) => typeof value === 'string' && countBadBytes(value) > 0);
  if (index === -1) return null;
  return `id "${expressions[index] ?? ''}" has bytes that are invalid in the charset; set encoding to the charset of the source`;
}

type Payload =
  | { readonly ok: true; readonly value: object; readonly text: string; readonly repaired: boolean }
  | { readonly ok: false; readonly rejection: Rejection };

function payloadOf(raw: RawRecord): Payload {
  const { value } = raw;
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof ExactNumber) {
    const kind =
      value === null
        ? 'null'
        : Array.isArray(value)
          ? 'an array'
          : `a ${value instanceof ExactNumber ? 'number' : typeof value}`;
    return reject('wrong_shape', `record is ${kind}, expected an object`);
  }
  if (raw.mayBeDeep && isValueDeeperThan(value, maxDepth)) {
    return reject('unstorable', `record nests deeper than ${maxDepth} levels`);
  }
  if (raw.exact && holdsExtremeNumber(value)) {
    return reject('unstorable', 'record has a number with an exponent beyond ±400');
  }
  // A line is stored as received, unless a repeated key may hide a suspect escape.
  if (raw.text !== undefined && !mayBeUnstorable(raw.text)) return { ok: true, value, text: raw.text, repaired: false };
  const text = writeJson(value, raw.exact);
  const repair = mayBeUnstorable(text) ? storableValue(value) : null;
  if (!repair) return { ok: true, value, text, repaired: false };
  const repaired = repair.value as object;
  return { ok: true, value: repaired, text: writeJson(repaired, raw.exact), repaired: true };
}

function outOfRange(plan: SourcePlan, micros: Micros, fetchedAt: Date, days: DaySet): string | null {
  const { maxAheadMs, maxAgeMs, maxNewDays } = plan.limits;
  const now = microsOfDate(fetchedAt);
  const time = () => (hidesValues(plan) ? 'occurred_at' : `occurred_at ${formatMicros(micros)}`);
  if (micros > now + BigInt(maxAheadMs) * 1000n) {
    return `${time()} is further in the future than partitions.max_ahead allows; raise it if the time is right`;
  }
  if (maxAgeMs !== null && micros < now - BigInt(maxAgeMs) * 1000n) {
    return `${time()} is older than partitions.max_age allows; raise it if the time is right`;
  }
  if (!days.admit(dayNumberOfMicros(micros), maxNewDays)) {
    return `${time()} is on another day, but this run already has records of ${maxNewDays} days; raise partitions.max_new_days if that is right`;
  }
  return null;
}

function reject(reason: Rejection['reason'], message: string): { readonly ok: false; readonly rejection: Rejection } {
  return { ok: false, rejection: { reason, message } };
}

/**
 * The JSON text of a raw record for its dead letter; a string where it nests too deep to be read back as JSON, or cannot be
 * written as such.
 */
export function rawText(raw: RawRecord): string {
  try {
    return textForDeadLetter(jsonText(raw));
  } catch (error) {
    if (error instanceof RangeError) return outline(raw);
    throw error;
  }
}

/** An outline of a record, as a JSON string. */
export function outline({ value }: RawRecord): string {
  const shown = inspect(value, { depth: 2, maxArrayLength: 20, maxStringLength: 200 });
  return JSON.stringify(truncate(shown, maxOutline));
}

/** Why a record is refused that no text can hold: expressions can make one much larger than its page, or deeper. */
export function unwritable(error: unknown): Rejection {
  if (!(error instanceof RangeError)) throw error;
  return { reason: 'too_large', message: `record cannot be written as JSON (${messageOf(error)})` };
}

export function textForDeadLetter(text: string): string {
  return isTextDeeperThan(text, maxDepth) ? JSON.stringify(text) : text;
}

/** The JSON text of a raw record, however deep it nests. */
export function jsonText(raw: RawRecord): string {
  if (raw.text !== undefined) return raw.text;
  if (raw.value === undefined) return 'null';
  // The writer for any depth is a slow one.
  const isDeep = raw.mayBeDeep && isValueDeeperThan(raw.value, maxDepth);
  return isDeep ? writeDeepJson(raw.value) : writeJson(raw.value, raw.exact);
}
