import type { Day } from '../../domain/time/day.ts';
import type { Uses } from '../support/dependencies.ts';
import { adapterContext } from '../support/adapter-context.ts';

export interface MaintainPartitionsInput {
  /** Only report. */
  readonly dryRun: boolean;
}

export interface MaintainedPartitions {
  /** Days whose partitions were made, or are missing. */
  readonly made: readonly Day[];
  /** Past days that were vacuumed and analysed, or wait for it. */
  readonly vacuumed: readonly Day[];
}

/**
 * For rollovers that began under 0.1.0: creates the partitions of the coming days, and vacuums past ones. Safe to repeat because
 * finished work is not done again.
 */
export function createMaintainPartitions({ config, maintenance }: Uses<'config' | 'maintenance'>) {
  return async function maintainPartitions({ dryRun }: MaintainPartitionsInput): Promise<MaintainedPartitions> {
    const { signal, onProgress } = adapterContext();
    const { premake } = config.current().config.partitions;
    const made = await maintenance.makeAhead(premake, new Date(), dryRun);
    const vacuumed: Day[] = [];
    for (const day of await maintenance.untidyDays(new Date())) {
      signal.throwIfAborted();
      if (!dryRun) await maintenance.tidy(day);
      vacuumed.push(day);
      onProgress({ vacuumed: day });
    }
    return { made, vacuumed };
  };
}
