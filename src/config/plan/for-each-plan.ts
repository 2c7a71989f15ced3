import type { FanOutPlan } from '../../domain/plan/for-each.ts';
import type { HttpJsonConfig } from '../schema/source-schemas.ts';

type FanOutConfig = Partial<Pick<HttpJsonConfig, 'for_each' | 'parent' | 'revisit'>>;

/** The part of a plan about parents; nothing for a source that is requested once. */
export function fanOutPlan({ for_each: each, parent, revisit: short }: FanOutConfig): FanOutPlan {
  if (!each) return {};
  const fields = parent === undefined ? {} : { parentFields: parent };
  const { source, values = [], revisit: revisitMs = short } = each;
  if (source === undefined) return { forEach: { type: 'values', values }, ...fields };
  return { forEach: { type: 'source', source, ...(revisitMs === undefined ? {} : { revisitMs }) }, ...fields };
}

/** The part of the first fingerprint: another one starts from scratch. How long parents are requested again is none of it. */
export function askedForEach({ forEach }: FanOutPlan): object {
  if (!forEach) return {};
  const { type } = forEach;
  return { forEach: type === 'source' ? { type, source: forEach.source } : { type, values: forEach.values } };
}

/** The part of the second one. */
export function shapedByParent({ parentFields }: FanOutPlan): object {
  return parentFields ? { parent: parentFields } : {};
}
