import type { ComputeLimits } from '../../domain/plan/compute-limits.ts';
import type { Job, JobKind, ResultOf } from './job.ts';
import { JobRunner } from './run-job.ts';
import { noTrace } from './trace.ts';

/** Does jobs for sources. */
export interface Compute {
  /**
   * @param signal ends the wait; the work itself continues to its end
   * @throws DaybookError; TooCostly where it takes more than the limits allow
   */
  run<K extends JobKind>(
    job: Extract<Job, { kind: K }>,
    limits: ComputeLimits,
    signal: AbortSignal | null,
  ): Promise<ResultOf<K>>;
  close(): Promise<void>;
}

/** Does jobs here, without limits: for what is known to be harmless. */
export function createLocalCompute(): Compute {
  const runner = new JobRunner(noTrace, false);
  return {
    run: async <K extends JobKind>(job: Extract<Job, { kind: K }>) => runner.run(job),
    close: async () => {},
  };
}
