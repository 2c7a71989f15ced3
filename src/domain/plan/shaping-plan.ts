/** What is made of each record before its id and time are read, in the order of the fields. */
export interface ShapingPlan {
  readonly explode?: ExplodePlan;
  /** JMESPath; a record for which it is not true is left out. */
  readonly filter?: string;
  /** JMESPath of each field of the new record. */
  readonly map?: Readonly<Record<string, string>>;
  /** Paths of keys that are left out. */
  readonly drop?: readonly string[];
  readonly mask?: MaskPlan;
}

/** A record for each element of a list. */
export interface ExplodePlan {
  /** JMESPath to the list. */
  readonly path: string;
  /** What each element gets of the record around it: fields that stay where they are, or JMESPaths by the name of the field. */
  readonly keep: readonly string[] | Readonly<Record<string, string>>;
}

export interface MaskPlan {
  /** By path of keys. */
  readonly fields: Readonly<Record<string, MaskKind>>;
  /** A reference until an activity resolves it; null = nothing is hashed. */
  readonly key: string | null;
}

export const maskKinds = ['hash', 'redact'] as const;
export type MaskKind = (typeof maskKinds)[number];

/** A source that may have a mask. */
interface Shaped {
  readonly shaping?: ShapingPlan;
}

/** Whether no value of the source may be in a message, a log or a preview: what a mask hides could be in it. */
export function hidesValues({ shaping }: Shaped): boolean {
  return shaping?.mask !== undefined;
}

/** Ends a message instead of the value that the source sent. */
export const hiddenValue = 'not shown, because the source has a mask';
