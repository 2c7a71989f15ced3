import type { Day } from '../../domain/time/day.ts';
import type { Uses } from '../support/dependencies.ts';

export interface DryRunInput {
  /** Only look. */
  readonly dryRun: boolean;
}

export interface MadePartitions {
  /** Days whose partitions were made, or are missing. */
  readonly made: readonly Day[];
}

/** Makes the partitions of the coming days. Safe to repeat because one that is there is left as it is. */
export function createMakePartitions({ config, maintenance }: Uses<'config' | 'maintenance'>) {
  return async function makePartitions({ dryRun }: DryRunInput): Promise<MadePartitions> {
    const { premake } = config.current().config.partitions;
    return { made: await maintenance.makeAhead(premake, new Date(), dryRun) };
  };
}
