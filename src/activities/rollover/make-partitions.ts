import type { Day } from '../../domain/time/day.ts';
import type { Uses } from '../support/dependencies.ts';

export interface DryRunInput {
  /** Only report. */
  readonly dryRun: boolean;
}

export interface MadePartitions {
  /** Days whose partitions were made, or are missing. */
  readonly made: readonly Day[];
}

/** Creates the partitions of the coming days. Safe to repeat because an existing one is not changed. */
export function createMakePartitions({ config, maintenance }: Uses<'config' | 'maintenance'>) {
  return async function makePartitions({ dryRun }: DryRunInput): Promise<MadePartitions> {
    const { premake } = config.current().config.partitions;
    return { made: await maintenance.makeAhead(premake, new Date(), dryRun) };
  };
}
