import type { ShapingPlan } from '../../domain/plan/shaping-plan.ts';
import type { ShapingConfig } from '../schema/shaping-schema.ts';

/** What is made of the records of a source; undefined = they are stored as they arrive. */
export function shapingPlan({
  explode,
  filter,
  map,
  drop,
  mask,
  mask_key: key,
}: ShapingConfig): ShapingPlan | undefined {
  const plan: ShapingPlan = {
    ...(explode === undefined ? {} : { explode }),
    ...(filter === undefined ? {} : { filter }),
    ...(map === undefined ? {} : { map }),
    ...(drop === undefined ? {} : { drop }),
    ...(mask === undefined ? {} : { mask: { fields: mask, key: key ?? null } }),
  };
  return Object.keys(plan).length === 0 ? undefined : plan;
}

/** The parts that decide which records there are: where they change, the state starts from scratch. */
export function choosing({ explode, filter }: ShapingPlan): object {
  return { ...(explode ? { explode } : {}), ...(filter === undefined ? {} : { filter }) };
}

/** The parts that decide what is in them. */
export function changing({ map, drop, mask }: ShapingPlan): object {
  return { ...(map ? { map } : {}), ...(drop ? { drop } : {}), ...(mask ? { mask } : {}) };
}
