import type { HttpFormatPlan } from '../../domain/plan/source-plan.ts';
import type { BodyCopies } from '../../domain/storage/body-copies.ts';

/** What opening a body takes besides its response. */
export interface OpeningTools {
  /** Null = nothing is stored. */
  readonly copies: BodyCopies | null;
  readonly onProgress: (details?: unknown) => void;
  /** What is unpacked up to this size is a page, whatever its format. */
  readonly wholeBytes: number;
}

/** The part of a plan that says how a body is packed, and how large it may be. */
export type PackedPlan = Pick<HttpFormatPlan, 'name' | 'format' | 'url' | 'maxBodyBytes' | 'maxStreamBytes' | 'entry'>;
