import type { FieldTally } from '../../../domain/run/field-tally.ts';
import type { MaskKind, MaskPlan } from '../../../domain/plan/shaping-plan.ts';
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
  /** Of what may be masked already. */
  readonly again: Change;
  found: boolean;
}

/** @param isChild its records have fields of a parent, which may be masked already: by the parent's own source, or in a dead letter */
export function createMasks(plan: MaskPlan | undefined, isChild = false): Masks {
  const fields = Object.entries(plan?.fields ?? {}).map(([path, kind]): FieldMask => {
    const keys = parseKeyPath(path) ?? [path];
    const places = keys.length > 1 ? [keys, [path]] : [keys];
    const again = maskAgain(plan, path, kind);
    const isAgain = isChild && keys[0] === 'parent';
    return { path, places, change: isAgain ? again : maskAt(plan, path, kind), again, found: false };
  });
  let records = 0;
  const applied = (value: unknown, which: 'change' | 'again') =>
    fields.reduce<unknown>(
      (masked, field) => field.places.reduce((inner, keys) => changeAt(inner, keys, field[which]), masked),
      value,
    );
  return {
    apply(value) {
      if (fields.length === 0) return value;
      records++;
      for (const field of fields) field.found ||= field.places.some((keys) => hasAt(value, keys));
      return applied(value, 'change');
    },
    applyAgain: (value) => applied(value, 'again'),
    takeTally() {
      if (records === 0) return {};
      const tally = Object.fromEntries(fields.map(({ path, found }) => [`mask (${path})`, found ? 0 : records]));
      for (const field of fields) field.found = false;
      records = 0;
      return tally;
    },
  };
}

function maskAt(plan: MaskPlan | undefined, path: string, kind: MaskKind): Change {
  return withElements(path, createMask(kind, plan?.key ?? ''));
}

/** What is hashed already gets no other hash; `redact` hides hashes, too. */
export function maskAgain(plan: MaskPlan | undefined, path: string, kind: MaskKind): Change {
  const mask = createMask(kind, plan?.key ?? '');
  return withElements(path, (value) => (kind === 'hash' && isMasked(value) ? value : mask(value)));
}

function withElements(path: string, change: Change): Change {
  return /\[\*?\]$/.test(path) ? ofEach(change) : change;
}

/** `emails[]`: each member of the list alone. */
function ofEach(change: Change): Change {
  const each: Change = (value) => (Array.isArray(value) ? value.map(each) : change(value));
  return each;
}
