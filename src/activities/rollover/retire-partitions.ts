import { log } from '@temporalio/activity';
import { retentionCutoff } from '../../domain/storage/retention.ts';
import { daysToRetire, retireDays, type RetirementResult } from '../../sinks/postgres/days/retire-days.ts';
import { createArchives } from '../../store/journal/archives.ts';
import type { Uses } from '../support/dependencies.ts';
import type { DryRunInput } from './make-partitions.ts';
import { adapterContext } from '../support/adapter-context.ts';

/**
 * Archives and drops the days that `partitions.retention` no longer keeps. Safe to repeat because each step of a day is noted
 * beside it, and continues from there. While the configuration is broken all days stay unchanged.
 */
export function createRetirePartitions({
  config,
  owner,
  store,
  journal,
}: Uses<'config' | 'owner' | 'store' | 'journal'>) {
  return async function retirePartitions({ dryRun }: DryRunInput): Promise<RetirementResult> {
    const { signal, onProgress } = adapterContext();
    const { config: current, broken } = config.current();
    // The file may keep more once it can be read.
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
    await journal.deleteLeftovers('archives', signal);
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
  };
}
