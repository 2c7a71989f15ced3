import type { Day } from '../../domain/time/day.ts';
import { messageOf } from '../../domain/errors.ts';
import type { DayProblem } from '../../sinks/postgres/days/retire-days.ts';
import type { Uses } from '../support/dependencies.ts';
import type { DryRunInput } from './make-partitions.ts';
import { adapterContext } from '../support/adapter-context.ts';

export interface TidiedPartitions {
  /** Past days that were vacuumed and analysed, or wait for it. */
  readonly vacuumed: readonly Day[];
  readonly failed: readonly DayProblem[];
}

/** Vacuums past days. Safe to repeat because vacuumed days are skipped. */
export function createTidyPartitions({ maintenance }: Uses<'maintenance'>) {
  return async function tidyPartitions({ dryRun }: DryRunInput): Promise<TidiedPartitions> {
    const { signal, onProgress } = adapterContext();
    const vacuumed: Day[] = [];
    const failed: DayProblem[] = [];
    for (const day of await maintenance.untidyDays(new Date())) {
      signal.throwIfAborted();
      try {
        if (!dryRun) await maintenance.tidy(day);
        vacuumed.push(day);
      } catch (error) {
        failed.push({ day, message: messageOf(error) });
      }
      onProgress({ vacuumed: day });
    }
    if (!dryRun) await maintenance.analyzeWeekly(new Date());
    return { vacuumed, failed };
  };
}
