import { defaultComputeLimits } from '../../domain/plan/compute-limits.ts';
import { isPath } from '../../formats/jmespath/jmespath.ts';
import type { IdResult } from '../../formats/record-id.ts';
import type { Compute } from './compute.ts';

/** Finds the ids of payloads that are stored, in order. */
export type IdsOf = (payloads: readonly string[]) => Promise<readonly IdResult[]>;

/**
 * Finds ids by an `id` of the configuration, within limits. The source itself may have been removed from the configuration since,
 * or have another `id`.
 */
export function createIdsOf(compute: Compute, source: string, id: readonly string[]): IdsOf {
  const definition = { name: source, key: `id ${source} ${JSON.stringify(id)}`, isPlain: id.every(isPath), text: '' };
  return async (payloads) =>
    payloads.length === 0
      ? []
      : compute.run({ kind: 'ids', source: definition, id, payloads }, defaultComputeLimits, null);
}
