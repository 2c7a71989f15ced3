import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import type { Day } from '../domain/day.ts';

/** What a step of a rollover could not do. */
export interface StepFailure {
  readonly step: string;
  /** Null where the whole step failed. */
  readonly day: Day | null;
  readonly message: string;
}

/** Days that failed, where a step goes day by day. */
interface DayByDay {
  readonly failed: readonly { readonly day: Day; readonly message: string }[];
}

/** Runs steps one after the other, none of which keeps the others from their work. */
export class RolloverSteps {
  readonly failures: StepFailure[] = [];

  /** @returns what the step did; `otherwise` where it failed for good */
  async run<T extends object | null>(step: string, work: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      const result = await work();
      const failed = result !== null && 'failed' in result ? (result as T & DayByDay).failed : [];
      for (const { day, message } of failed) this.failures.push({ step, day, message });
      return result;
    } catch (error) {
      if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
      this.failures.push({ step, day: null, message: error.cause?.message ?? error.message });
      return otherwise;
    }
  }

  /** For the alert; null where all went well. */
  message(): string | null {
    if (this.failures.length === 0) return null;
    const lines = this.failures.map(({ step, day, message }) => `${step}${day === null ? '' : ` ${day}`}: ${message}`);
    return `the rollover could not do everything: ${lines.join('; ')}`.slice(0, 1_000);
  }
}
