import { dayOfDate } from '../../domain/time/day.ts';
import { convergePayloadIndex, type PayloadIndexChanges } from '../../sinks/postgres/days/payload-index.ts';
import type { Uses } from '../support/dependencies.ts';
import type { DryRunInput } from './make-partitions.ts';
import { adapterContext } from '../support/adapter-context.ts';

/** Brings payload indexes up to date with `partitions.payload_index`. Safe to repeat because it checks what exists. */
export function createIndexPayloads({ config, owner }: Uses<'config' | 'owner'>) {
  return async function indexPayloads({ dryRun }: DryRunInput): Promise<PayloadIndexChanges> {
    const { signal, onProgress } = adapterContext();
    const mode = config.current().config.partitions.payload_index;
    const today = dayOfDate(new Date());
    return convergePayloadIndex({ owner, mode, today, dryRun, signal, onDay: (day) => onProgress({ day }) });
  };
}
