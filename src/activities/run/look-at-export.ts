import { HostBusy } from '../../domain/errors.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { RunRef } from '../../domain/run/batch.ts';
import type { ExportJob } from '../../domain/state/export-progress.ts';
import { withoutMarks } from '../../domain/secrets/hidden-marks.ts';
import { lookAtJob } from '../../sources/exports/export-client.ts';
import { redactorFor } from '../support/source-secrets.ts';
import { openExport, type ExportTools } from './export-tools.ts';

export interface ExportJobInput {
  readonly run: RunRef;
  readonly plan: SourcePlan;
  readonly job: ExportJob;
}

export type JobState =
  /** `state`: what the API calls it; `waitMs`: how long it asks not to be called. Absent = it does not say. */
  | { readonly kind: 'pending'; readonly state?: string; readonly waitMs?: number }
  /** The host's next slot is so far away: nothing was requested. */
  | { readonly kind: 'busy'; readonly waitMs: number }
  /** The addresses of its documents are stored. */
  | { readonly kind: 'done'; readonly documents: number }
  | { readonly kind: 'failed'; readonly message: string };

/** Asks once how far the job of an export is. Safe to repeat because it only asks; what it stores is what the API said last. */
export function createLookAtExport(dependencies: ExportTools) {
  return async function lookAtExport(input: ExportJobInput): Promise<JobState> {
    const { calling, jobs, known } = await openExport(dependencies, input);
    const { number, job } = input.job;
    try {
      const found = await lookAtJob(calling, await known(input.job));
      const redact = redactorFor(input.run.source, dependencies);
      switch (found.kind) {
        case 'done':
          await jobs.keepDocuments(number, found.addresses);
          return { kind: 'done', documents: found.addresses.length };
        case 'failed':
          return {
            kind: 'failed',
            message: `export: ${calling.plan.name}: job ${withoutMarks(job)} failed: ${redact(found.message)}`,
          };
        case 'pending': {
          const { state, waitMs } = found;
          return {
            kind: 'pending',
            ...(state === null ? {} : { state: redact(state) }),
            ...(waitMs > 0 ? { waitMs } : {}),
          };
        }
      }
    } catch (error) {
      if (error instanceof HostBusy) return { kind: 'busy', waitMs: error.waitMs };
      throw error;
    }
  };
}
