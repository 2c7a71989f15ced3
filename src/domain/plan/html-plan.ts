import type { DateOrder } from './plan-parts.ts';

/** Which elements of a page are records. */
export interface ItemsPlan {
  readonly selector: string;
  /** JMESPath into the JSON that the elements hold (`application/ld+json` and the like); null = the elements themselves. */
  readonly json: string | null;
}

/** How a value is found in an item. */
export interface FieldPlan {
  /** Null = the item itself. */
  readonly selector: string | null;
  /** Null = the text. */
  readonly attr: string | null;
  /** Whether the inner HTML is taken instead of the text. */
  readonly html: boolean;
  readonly type: 'string' | 'number' | 'date' | 'url';
  readonly required: boolean;
  /** Whether all elements are taken, not the first alone. */
  readonly list: boolean;
  /** JMESPath into the JSON that the element holds. */
  readonly json: string | null;
  readonly transforms: readonly TransformPlan[];
  /** An object of fields, each sought inside the element; null = a plain value. */
  readonly fields: FieldPlans | null;
  /** In which order a date of numbers is written. Absent = as `occurredAt` says, else as each page shows. */
  readonly dateOrder?: DateOrder;
}

export type FieldPlans = Readonly<Record<string, FieldPlan>>;

/** Steps on a text, in the order trim, regex, replace. */
export interface TransformPlan {
  readonly trim: boolean;
  /** The first group of the match, or all of it where there is none; no match = no value. */
  readonly regex: string | null;
  readonly replace: { readonly pattern: string; readonly with: string } | null;
}

/** A separate page for each item. */
export interface DetailPlan {
  /** JMESPath to the address in the item. */
  readonly url: string;
  readonly fields: FieldPlans;
  /** Detail pages of one run. */
  readonly maxPages: number;
}
