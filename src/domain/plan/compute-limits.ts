/** How much CPU time a source's own expressions, patterns, schema and code may take, in milliseconds. */
export interface ComputeLimits {
  /** For one record. */
  readonly recordCpuMs: number;
  /** For a page as a whole, and for a module between two awaits. */
  readonly pageCpuMs: number;
}

export const defaultComputeLimits: ComputeLimits = { recordCpuMs: 5_000, pageCpuMs: 30_000 };
