import { WrongShape } from '../../domain/errors.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { RunRef } from '../../domain/run/batch.ts';
import type { ExportJob } from '../../domain/state/export-progress.ts';
import type { Calling, ExportingPlan, KnownJob } from '../../sources/exports/export-client.ts';
import { createExportJobs, type ExportJobs } from '../../store/run/export-jobs.ts';
import { adapterContext } from '../support/adapter-context.ts';
import type { Uses } from '../support/dependencies.ts';
import { positionMaskFor } from '../support/position-mask.ts';
import type { SecretAccess } from '../support/source-secrets.ts';
import { fittingPlan } from './fitting-plan.ts';

export type ExportTools = SecretAccess & Uses<'identity' | 'store'>;

/** What the activities about the job of an export work with. */
export interface OpenExport {
  readonly calling: Calling;
  readonly jobs: ExportJobs;
  /** Hides secrets in what a workflow gets. */
  readonly hide: (text: string) => string;
  /** What is known of a job; if nothing is kept of it, what its workflow knows. */
  readonly known: (job: ExportJob) => Promise<KnownJob>;
}

/** @param asked of the activity */
export async function openExport(
  dependencies: ExportTools,
  asked: { readonly run: RunRef; readonly plan: SourcePlan },
): Promise<OpenExport> {
  const plan = exporting(await fittingPlan(asked.plan, dependencies));
  const mask = positionMaskFor(plan, dependencies);
  const { hide } = mask;
  const reveal = async (text: string) => {
    await mask.prepare([text]);
    return mask.reveal(text);
  };
  const jobs = createExportJobs(dependencies.store, asked.run, { hide, reveal });
  const { signal } = adapterContext();
  return {
    calling: { plan, http: dependencies.http, signal },
    jobs,
    hide,
    async known({ number, job, submittedAt }) {
      const kept = await jobs.job(number);
      return kept ?? { job: await reveal(job), answer: null, since: null, until: null, submittedAt };
    },
  };
}

function exporting(plan: SourcePlan): ExportingPlan {
  if (plan.type !== 'file' && plan.type !== 'module' && plan.export) return { ...plan, export: plan.export };
  throw new WrongShape(`export: ${plan.name} has no export`);
}
