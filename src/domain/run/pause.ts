/** Who paused a run, why, and until when. */
export interface Pause {
  readonly by: string | null;
  readonly reason: string | null;
  /** ISO 8601; null = until `resume`. */
  readonly until: string | null;
  readonly since: string;
}
