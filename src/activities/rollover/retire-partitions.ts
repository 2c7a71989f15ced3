import { log } from '@temporalio/activity';
import { retentionCutoff } from '../../domain/storage/retention.ts';
import { daysToRetire, retireDays, type RetirementResult } from '../../sinks/postgres/days/retire-days.ts';
import { createArchives } from '../../store/journal/archives.ts';
import { deleteLeftovers } from '../../store/blobs/leftovers.ts';
import { nothingSecret } from '../../domain/secrets/redact.ts';
import type { ActivityDependencies } from '../support/dependencies.ts';
import type { DryRunInput } from './make-partitions.ts';
import { runActivity } from '../support/run-activity.ts';

/**
 * Archives and drops the days that `partitions.retention` no longer keeps. Safe to repeat because each step of a day is
 * noted beside it, and goes on from there. While the configuration is broken all days stay as they are.
 */
export function createRetirePartitions({ config, owner, store, journal }: ActivityDependencies) {
  return async function retirePartitions({ dryRun }: DryRunInput): Promise<RetirementResult> {
    return runActivity(nothingSecret, async ({ signal, onProgress }) => {
      const { config: current, broken } = config.current();
      // What the file says once it can be read may keep more.
      if (broken) {
        log.warn('No day is retired while the configuration is broken', { error: broken.message });
        return { retired: [], putBack: [], failed: [] };
      }
      const from = retentionCutoff(current.partitions.retention, new Date());
      if (dryRun) {
        const days = await daysToRetire(owner, from);
        return { retired: days.map((day) => ({ day, rows: null, archive: null })), putBack: [], failed: [] };
      }
      // An archive is large: what a kill left of one is deleted before the next is written.
      await deleteLeftovers(journal.archives, signal);
      return retireDays({
        owner,
        archives: createArchives(store),
        keptFrom: from,
        signal,
        onStep: (step, day) =>
          onProgress({
            step,
            day,
          }),
      });
    });
  };
}
