import type { ComputeLimits } from '../../domain/plan/compute-limits.ts';
import type { Job } from './job.ts';

/** One try of a job. */
export interface Attempt {
  readonly job: Job;
  readonly limits: ComputeLimits;
  /** Records that may take as long as the whole page, by position. */
  readonly unlimited: ReadonlySet<number>;
}
