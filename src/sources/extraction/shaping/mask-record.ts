import type { FieldTally } from '../../../domain/run/field-tally.ts';
import type { MaskPlan } from '../../../domain/plan/shaping-plan.ts';
import { changeAt, hasAt, parseKeyPath, type Change } from '../../../formats/jmespath/key-path.ts';
import { createMask, isMasked } from '../../../formats/masked-value.ts';

/** The masks of a source. */
export interface Masks {
  apply(value: unknown): unknown;
  /** Leaves what a mask has hidden already. */
  applyAgain(value: unknown): unknown;
  /** Of each field in how many records since the last call it was missing; 0 = one had it. */
  takeTally(): FieldTally;
}

interface FieldMask {
  readonly path: string;
  /** A key with dots in its name counts too: nothing may escape by the way it is written. */
  readonly places: readonly (readonly string[])[];
  readonly change: Change;
  found: boolean;
}

export function createMasks(plan: MaskPlan | undefined): Masks {
  const fields = Object.entries(plan?.fields ?? {}).map(([path, kind]): FieldMask => {
    const keys = parseKeyPath(path) ?? [path];
    const places = keys.length > 1 ? [keys, [path]] : [keys];
    const change = createMask(kind, plan?.key ?? '');
    return { path, places, change: /\[\*?\]$/.test(path) ? ofEach(change) : change, found: false };
  });
  let records = 0;
  const applied = (value: unknown, wrap: (change: Change) => Change) =>
    fields.reduce<unknown>(
      (masked, { places, change }) => places.reduce((inner, keys) => changeAt(inner, keys, wrap(change)), masked),
      value,
    );
  return {
    apply(value) {
      if (fields.length === 0) return value;
      records++;
      for (const field of fields) field.found ||= field.places.some((keys) => hasAt(value, keys));
      return applied(value, (change) => change);
    },
    applyAgain: (value) => applied(value, (change) => (member) => (isMasked(member) ? member : change(member))),
    takeTally() {
      if (records === 0) return {};
      const tally = Object.fromEntries(fields.map(({ path, found }) => [`mask (${path})`, found ? 0 : records]));
      for (const field of fields) field.found = false;
      records = 0;
      return tally;
    },
  };
}

/** `emails[]`: each member of the list alone. */
function ofEach(change: Change): Change {
  const each: Change = (value) => (Array.isArray(value) ? value.map(each) : change(value));
  return each;
}
