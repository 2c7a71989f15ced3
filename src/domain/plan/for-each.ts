/** What a source is requested for, one request chain after the other. */
export type ForEachPlan = ForEachSource | ForEachValues;

/** Once for each record that another source has stored. */
export interface ForEachSource {
  readonly type: 'source';
  readonly source: string;
  /** Records are requested again at each run while they are not older than this, in milliseconds. */
  readonly revisitMs?: number;
}

/** Once for each of these. */
export interface ForEachValues {
  readonly type: 'values';
  readonly values: readonly ForEachValue[];
}

export type ForEachValue = string | number | boolean;

/** The part of a plan about parents; a source that is requested once has none of it. */
export interface FanOutPlan {
  readonly forEach?: ForEachPlan;
  /** Paths of the parent's fields that are copied into each record, as `parent`. */
  readonly parentFields?: readonly string[];
}

/** What a source is requested for; null = it is requested once. */
export function forEachOf(plan: object): ForEachPlan | null {
  return (plan as FanOutPlan).forEach ?? null;
}
