import { ActivityFailure, condition, isCancellation } from '@temporalio/workflow';
import type { Day } from '../../domain/time/day.ts';
import { detailsTable } from '../../domain/run/receipt-table.ts';

/** What a step of a rollover could not do. */
export interface StepFailure {
  readonly step: string;
  /** Null if the whole step failed. */
  readonly day: Day | null;
  readonly message: string;
}

/** Days that failed, where a step goes day by day. */
interface DayByDay {
  readonly failed: readonly { readonly day: Day; readonly message: string }[];
}

/** Longest that a step keeps another one waiting. */
const maxWaitMs = 60_000;

/** Runs steps, none of which blocks the others. */
export class RolloverSteps {
  readonly failures: StepFailure[] = [];
  /** The status of each step, in the order in which they began. */
  readonly #states = new Map<string, string>();
  readonly #onChange: (table: string) => void;
  #cancellation: unknown = null;

  /** @param onChange called with the status of the steps, as a table */
  constructor(onChange: (table: string) => void) {
    this.#onChange = onChange;
  }

  /**
   * Starts a step beside the others. The returned promise never rejects: the caller may be waiting for something else.
   * @returns what the step did; `otherwise` where it failed for good
   */
  async start<T extends object | null>(step: string, work: () => Promise<T>, otherwise: T): Promise<T> {
    this.#note(step, 'running');
    try {
      const result = await this.run(step, work, otherwise);
      const failure = this.failures.find((one) => one.step === step);
      this.#note(step, failure ? `failed: ${failure.message}` : 'done');
      return result;
    } catch (error) {
      this.#cancellation ??= error;
      this.#note(step, 'cancelled');
      return otherwise;
    }
  }

  /** Waits until another step has ended, or a minute: a blocked step blocks no other. */
  async turn(step: string, after: string): Promise<void> {
    this.#note(step, `waits up to a minute for: ${after}`);
    await condition(() => this.#states.get(after) !== 'running', maxWaitMs);
  }

  /** Runs a step to its end. @returns as `start` does */
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

  throwIfCancelled(): void {
    if (this.#cancellation !== null) throw this.#cancellation;
  }

  /** For the alert; null if all went well. */
  message(): string | null {
    if (this.failures.length === 0) return null;
    const lines = this.failures.map(({ step, day, message }) => `${step}${day === null ? '' : ` ${day}`}: ${message}`);
    return `the rollover had failures: ${lines.join('; ')}`.slice(0, 1_000);
  }

  #note(step: string, state: string): void {
    this.#states.set(step, state.replaceAll(/[|\s]+/g, ' '));
    this.#onChange(detailsTable([...this.#states]));
  }
}
