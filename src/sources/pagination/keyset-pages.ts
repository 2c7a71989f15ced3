import { hidesValues } from '../../domain/plan/shaping-plan.ts';
import type { KeysetPlan } from '../../domain/plan/plan-parts.ts';
import type { HttpPlan } from '../../domain/plan/source-plan.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { BoundCheck } from '../../domain/state/request-values.ts';
import type { NextPage } from '../../domain/state/fetch-position.ts';
import { truncate } from '../../domain/secrets/redact.ts';
import { writeDeepJson } from '../../formats/exact-json.ts';
import { compileFinder } from '../../formats/jmespath/jmespath.ts';
import { disorder, isAscending, type Following } from './ascending-order.ts';
import { behindRecord, keyBefore } from './last-record.ts';
import { nextPage, rawRecords, saysNoMore, type PageFacts } from './next-page.ts';

/**
 * The page behind a key. Where records can share a key, it is read to its end: an API that gives only what comes after it is asked from
 * the key before it on. What cannot be read in this way makes the poll `partial`.
 */
export function pageBehindKey(plan: HttpPlan, paginator: KeysetPlan, place: NextPage, facts: PageFacts): Following {
  const following = nextPage(paginator, place, facts);
  const records = rawRecords(facts);
  const keys = records.map(compileFinder(paginator.key));
  const bound = keyBefore(paginator, place);
  if (!isAscending(bound === undefined ? keys : [bound, ...keys])) {
    return { next: null, problem: disorder(`key "${paginator.key}"`) };
  }
  if (namesRecord(plan, paginator, keys)) return { next: following };
  const { largest: before = 0, isAtBound, back, exclusive } = place.values?.boundCheck ?? {};
  const begins = records.length > 0 && isSame(keys[0], bound);
  const isUnread = isAtBound === true && !begins;
  if (isUnread && back) return { next: fromBefore(place, back, before) };
  const isCut = isUnread && !(facts.records === 0 && before === 1);
  const unproved = isCut ? missed(plan, paginator, bound, 'the API gives only what comes after it') : null;
  return marked(
    place,
    behindLast(plan, paginator, place, {
      following,
      facts,
      keys,
      before,
      isExclusive: isUnread || (exclusive === true && !begins),
    }),
    unproved,
  );
}

interface Read {
  readonly following: NextPage | null;
  readonly facts: PageFacts;
  /** Of its records, in their order. */
  readonly keys: readonly unknown[];
  /** Records of the largest page before it. */
  readonly before: number;
  readonly isExclusive: boolean;
}

function behindLast(
  plan: HttpPlan,
  paginator: KeysetPlan,
  place: NextPage,
  { following, facts, keys, before, isExclusive }: Read,
): Following {
  if (facts.records === 0 || saysNoMore(paginator, facts)) return { next: null };
  const key = keys.at(-1);
  const isFull = paginator.hasMorePath !== null || facts.records >= before;
  if (following === null) {
    // A page of one record is what follows the last one where the bound is inclusive.
    if (!isFull || (facts.records === 1 && paginator.hasMorePath === null)) return { next: null };
    return { next: null, problem: missed(plan, paginator, key, 'a page has no other key, and the API gives it again') };
  }
  const largest = Math.max(before, facts.records);
  const check = (more: BoundCheck, next = following) => withCheck(place, next, { largest, ...more });
  if (!isFull) return { next: check(isExclusive ? { exclusive: true } : {}) };
  const record = rawRecords(facts)[keys.findLastIndex((other) => !isSame(other, key))];
  const earlier = record === undefined ? null : behindRecord(paginator, following, record);
  if (isExclusive && earlier) return { next: check({ exclusive: true }, earlier) };
  if (isExclusive) {
    const problem = missed(plan, paginator, key, 'a page has no other key, and the API gives only what comes after it');
    return { next: check({ exclusive: true }), problem };
  }
  if (earlier === null || earlier.cursor === null) return { next: check({ isAtBound: true }) };
  const { last } = earlier.values ?? {};
  return { next: check({ isAtBound: true, back: { bound: earlier.cursor, ...(last ? { last } : {}) } }) };
}

/** A poll continues behind a key that it may not have read to its end, and ends `partial`. */
function marked(place: NextPage, { next, problem }: Following, unproved: Warning | null): Following {
  const why = unproved ?? problem;
  if (!why) return { next };
  if (next === null) return { next, problem: why };
  return { next: { ...next, values: { ...next.values, unproved: place.values?.unproved ?? why.message } } };
}

function withCheck(place: NextPage, next: NextPage, boundCheck: BoundCheck): NextPage {
  return { ...next, values: { ...place.values, ...next.values, boundCheck } };
}

/** The page that begins with the key at the end of a page that was read. */
function fromBefore(place: NextPage, { bound, last }: NonNullable<BoundCheck['back']>, largest: number): NextPage {
  const values = {
    ...place.values,
    ...(last ? { last } : {}),
    boundCheck: { largest, exclusive: true as const, stepsBack: true as const },
  };
  return { page: place.page + 1, cursor: bound, values };
}

/**
 * Whether the values that requests name are those of one record only: they have all that its id is made of, or are several values to
 * order by, of which the last tells records apart.
 */
function namesRecord(
  { id, shaping }: HttpPlan,
  { key, lastPaths = [] }: KeysetPlan,
  keys: readonly unknown[],
): boolean {
  // The fields of the parent are the same for all requests of a chain.
  const own = id.filter((path) => !path.startsWith('parent.')).map((path) => (shaping?.map ? shaping.map[path] : path));
  const named = [key, ...lastPaths];
  if (!shaping?.explode && own.length > 0 && own.every((path) => path !== undefined && named.includes(path)))
    return true;
  const isList = keys.every((value) => Array.isArray(value) && value.length > 1);
  return keys.length > 0 && isList && keys.every((value, index) => index === 0 || !isSame(keys[index - 1], value));
}

function isSame(a: unknown, b: unknown): boolean {
  return a !== undefined && a !== null && b !== undefined && writeDeepJson(a) === writeDeepJson(b);
}

function missed(plan: HttpPlan, { key }: KeysetPlan, value: unknown, why: string): Warning {
  const found = hidesValues(plan) ? '' : ` (${truncate(writeDeepJson(value ?? null), 100)})`;
  const message = `more records may have the same key "${key}"${found} as the last one of a page: ${why}; use a key that each record has once, such as its id, name the id in the request too, or set has_more_path`;
  return { code: 'records_unproved', message, count: 1 };
}
