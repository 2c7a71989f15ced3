import { SourceUnavailable } from '../../domain/errors.ts';
import type { ExportJob } from '../../domain/state/export-progress.ts';
import { withoutMarks } from '../../domain/secrets/hidden-marks.ts';
import { lookAtJob } from '../../sources/exports/export-client.ts';
import type { ExportDocuments } from '../../sources/exports/export-pages.ts';
import { openExport, type ExportTools } from './export-tools.ts';
import type { ExportJobInput } from './look-at-export.ts';

/** The documents of a job that is done. If their addresses are no longer stored, its API is asked for them. */
/** @returns they can be dropped once all of them are read: an attempt that is repeated asks for them again */
export async function documentsOf(
  dependencies: ExportTools,
  { run, plan }: Pick<ExportJobInput, 'run' | 'plan'>,
  job: ExportJob,
): Promise<ExportDocuments & { readonly drop: () => Promise<void> }> {
  const { calling, jobs, known } = await openExport(dependencies, { run, plan });
  const about = await known(job);
  const requested = async () => {
    const found = await lookAtJob(calling, about);
    if (found.kind !== 'done') {
      throw new SourceUnavailable(
        `export: ${plan.name}: job ${withoutMarks(job.job)} was done, and its API says that it is ${found.kind}`,
      );
    }
    await jobs.keepDocuments(job.number, found.addresses);
    return found.addresses;
  };
  return {
    known: about,
    requested,
    addresses: async () => (await jobs.documents(job.number)) ?? (await requested()),
    drop: () => jobs.dropDocuments(job.number),
  };
}
