import { messageOf } from '../../../domain/errors.ts';
import type { FieldTally } from '../../../domain/run/field-tally.ts';
import type { Rejection } from '../../../domain/dead-letters/rejection.ts';
import { forEachOf } from '../../../domain/plan/for-each.ts';
import { hidesValues, hiddenValue, type ShapingPlan } from '../../../domain/plan/shaping-plan.ts';
import type { SourcePlan } from '../../../domain/plan/source-plan.ts';
import { compileExact } from '../../../formats/jmespath/exact-jmespath.ts';
import { ExactNumber, isValueDeeperThan, parseDigits } from '../../../formats/exact-json.ts';
import { changeAt, parseKeyPath } from '../../../formats/jmespath/key-path.ts';
import { noTrace, type Trace } from '../../compute/trace.ts';
import { createExplode } from './explode-record.ts';
import { maxDepth, type RawRecord } from '../extract-record.ts';
import { createMasks } from './mask-record.ts';

/** What becomes of a record, or of one of those that it was exploded to. */
export type ShapedRecord =
  | { readonly kind: 'kept'; readonly raw: RawRecord; readonly before: RawRecord }
  | { readonly kind: 'filtered'; readonly before: RawRecord }
  | {
      readonly kind: 'refused';
      readonly rejection: Rejection;
      readonly before: RawRecord;
      /** It was exploded before. */
      readonly isElement: boolean;
    };

/** Shapes records: explode, filter, map, drop, mask, in this order. */
export interface Shaper {
  /** Whether `before` is an element of what the source sent. */
  readonly explodes: boolean;
  /** Whether nothing of a record may be kept before it is masked. */
  readonly masks: boolean;
  /**
   * All that a record becomes. It is given as the source sent it; fields of another source's record (`parent`) are in it by then.
   * `before` is the record that `filter` was asked about.
   */
  shape(raw: RawRecord): readonly ShapedRecord[];
  /** The same for a record that was exploded before. */
  shapeElement(raw: RawRecord): ShapedRecord;
  /** A record that `filter` left out, as it would be stored; null where that fails. */
  asStored(before: RawRecord): RawRecord | null;
  /** A record that was shaped before, with what the present mask hides besides. */
  maskAgain(raw: RawRecord): RawRecord;
  /** Fields that no record since the last call had, although they are to be masked. */
  takeTally(): FieldTally;
  /** Fields of the record around a list that were left out since the last call, as the elements have such themselves. */
  takeConflicts(): readonly string[];
}

/** Null for a source whose records are stored as they arrive. */
export function createShaper(plan: SourcePlan, trace: Trace = noTrace): Shaper | null {
  return plan.shaping
    ? new RecordShaper(plan.shaping, { hides: hidesValues(plan), isChild: forEachOf(plan) !== null }, trace)
    : null;
}

class RecordShaper implements Shaper {
  readonly explodes: boolean;
  readonly masks: boolean;
  readonly #trace: Trace;
  readonly #explode: ReturnType<typeof createExplode> | null;
  readonly #filter: Step | null;
  readonly #fields: readonly (readonly [name: string, step: Step])[] | null;
  readonly #drop: readonly (readonly string[])[];
  readonly #masks: ReturnType<typeof createMasks>;
  readonly #plan: ShapingPlan;
  #conflicts: Set<string> = new Set();

  constructor(
    plan: ShapingPlan,
    { hides, isChild }: { readonly hides: boolean; readonly isChild: boolean },
    trace: Trace,
  ) {
    this.#plan = plan;
    this.explodes = plan.explode !== undefined;
    this.masks = hides;
    this.#trace = trace;
    this.#explode = plan.explode ? createExplode(plan.explode) : null;
    this.#filter = plan.filter === undefined ? null : this.#step('filter', plan.filter);
    this.#fields = plan.map
      ? Object.entries(plan.map).map(([name, path]) => [name, this.#step(`map.${name}`, path)] as const)
      : null;
    this.#drop = (plan.drop ?? []).map((path) => parseKeyPath(path) ?? []);
    this.#masks = createMasks(plan.mask, isChild);
  }

  shape(raw: RawRecord): readonly ShapedRecord[] {
    let before: RawRecord;
    try {
      before = opened(raw);
    } catch (error) {
      return [this.#refused(raw, error, false)];
    }
    if (!this.#explode) return [this.shapeElement(before)];
    this.#trace.step('explode');
    try {
      const { elements, conflicts } = this.#explode(before.value);
      for (const conflict of conflicts) this.#conflicts.add(conflict);
      return elements.map((value) => this.shapeElement(written(value, before)));
    } catch (error) {
      return [this.#refused(raw, named(`explode "${this.#plan.explode?.path ?? ''}"`, error, this.masks), false)];
    }
  }

  shapeElement(raw: RawRecord): ShapedRecord {
    const before = raw;
    try {
      const { value } = opened(before);
      this.#trace.step('filter');
      if (this.#filter && !isTrue(this.#filter(value))) return { kind: 'filtered', before };
      return { kind: 'kept', raw: written(this.#made(value), before), before };
    } catch (error) {
      return this.#refused(before, error, this.explodes);
    }
  }

  asStored(before: RawRecord): RawRecord | null {
    try {
      return written(this.#made(opened(before).value), before);
    } catch {
      return null;
    }
  }

  maskAgain(raw: RawRecord): RawRecord {
    const { value } = opened(raw);
    return written(this.#masks.applyAgain(value), raw);
  }

  takeTally(): FieldTally {
    return this.#masks.takeTally();
  }

  takeConflicts(): readonly string[] {
    const taken = [...this.#conflicts];
    this.#conflicts = new Set();
    return taken;
  }

  /** After the filter. */
  #made(value: unknown): unknown {
    this.#trace.step('map');
    const mapped = this.#fields
      ? Object.fromEntries(this.#fields.map(([name, find]) => [name, find(value) ?? null]))
      : value;
    this.#trace.step('drop');
    const rest = this.#drop.reduce((left, keys) => changeAt(left, keys, () => undefined), mapped);
    this.#trace.step('mask');
    return this.#masks.apply(rest);
  }

  #refused(before: RawRecord, error: unknown, isElement: boolean): ShapedRecord {
    const message =
      error instanceof Refused || !this.masks ? messageOf(error) : `shaping failed; why is ${hiddenValue}`;
    const rejection: Rejection =
      error instanceof TooDeep
        ? { reason: 'unstorable', message: `record nests deeper than ${maxDepth} levels` }
        : { reason: 'wrong_shape', message };
    return { kind: 'refused', rejection, before, isElement };
  }

  #step(key: string, path: string): Step {
    const find = compileExact(path);
    return (value) => {
      try {
        return find(value);
      } catch (error) {
        throw named(`${key} "${path}"`, error, this.masks);
      }
    };
  }
}

type Step = (value: unknown) => unknown;

/** Names the key that failed. */
function named(key: string, error: unknown, hides: boolean): Error {
  return new Refused(`${key} failed${hides ? `; why is ${hiddenValue}` : `: ${messageOf(error)}`}`);
}

class Refused extends Error {}

class TooDeep extends Error {}

/** The record with all digits of its numbers. @throws TooDeep */
function opened(raw: RawRecord): RawRecord {
  const { value, exact } = raw.text === undefined ? raw : parseDigits(raw.text);
  if (raw.mayBeDeep && isValueDeeperThan(value, maxDepth)) throw new TooDeep();
  return { value, exact, mayBeDeep: raw.mayBeDeep };
}

function written(value: unknown, { mayBeDeep }: RawRecord): RawRecord {
  return { value, exact: true, mayBeDeep };
}

/** What counts as true in JMESPath. */
function isTrue(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return false;
  if (typeof value !== 'object' || value instanceof ExactNumber) return true;
  return Object.keys(value).length > 0;
}
