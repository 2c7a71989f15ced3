import { cancelJob } from '../../sources/exports/export-client.ts';
import { openExport, type ExportTools } from './export-tools.ts';
import type { ExportJobInput } from './look-at-export.ts';

/** Cancels the job of an export that nothing will read. Safe to repeat because a job that is over stays over. */
export function createCancelExport(dependencies: ExportTools) {
  return async function cancelExport(input: ExportJobInput): Promise<void> {
    const { calling, known } = await openExport(dependencies, input);
    await cancelJob(calling, await known(input.job));
  };
}
