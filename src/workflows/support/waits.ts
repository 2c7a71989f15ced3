import type { Progress } from '../messages.ts';

/** What a workflow itself waits for, for queries of its progress. */
export class Waits {
  #current: NonNullable<Progress['waits']> | null = null;

  /** What it currently waits for; null if nothing. */
  get current(): NonNullable<Progress['waits']> | null {
    return this.#current;
  }

  /** @returns how long: the workflow itself sleeps, for one more step in between may change the order of its commands */
  begin(on: string, reason: string | null, forMs: number): number {
    this.#current = { on, reason, until: new Date(Date.now() + forMs).toISOString() };
    return forMs;
  }

  end(): void {
    this.#current = null;
  }
}
