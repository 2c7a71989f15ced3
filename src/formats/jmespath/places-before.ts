import type { ShapingPlan } from '../../domain/plan/shaping-plan.ts';
import { keysRead, type Keys } from './expression-keys.ts';

/** Steps that move fields. */
interface Steps {
  readonly map?: ShapingPlan['map'] | undefined;
  readonly explode?: ShapingPlan['explode'] | undefined;
}

/** Where a field of the finished record was when the source sent it; beside a list that is exploded, where it may have been. */
export function placesBefore(keys: Keys, { map, explode }: Steps): readonly Keys[] {
  const [name = '', ...rest] = keys;
  const expression = map?.[name];
  const before = map ? (expression === undefined ? [] : readable(expression).map((one) => [...one, ...rest])) : [keys];
  if (!explode) return before;
  const kept = Array.isArray(explode.keep) ? [] : Object.values(explode.keep).flatMap(readable);
  return [...before, ...kept, ...before.flatMap((one) => readable(explode.path).map((list) => [...list, ...one]))];
}

/** Where an expression looks; nowhere if it is none: that is a problem of its own. */
export function readable(expression: string): readonly Keys[] {
  try {
    return keysRead(expression);
  } catch {
    return [];
  }
}
