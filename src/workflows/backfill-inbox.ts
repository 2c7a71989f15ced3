import { log, setHandler } from '@temporalio/workflow';
import { readBackfillRequest, type BackfillRequest } from '../domain/backfill.ts';
import { backfillSignal } from './messages.ts';

/** Requests that came by the signal `backfill` and wait to be looked at. The handler never throws. */
export class BackfillInbox {
  readonly #requests: { readonly payload: unknown; readonly request: BackfillRequest }[] = [];
  readonly #onChange: () => void;

  constructor(onChange: () => void = () => {}) {
    this.#onChange = onChange;
    setHandler(backfillSignal, (payload) => {
      const read = readBackfillRequest(payload);
      if (!read.ok) {
        log.warn('Backfill was asked for in words that cannot be read, it is ignored', { why: read.why });
        return;
      }
      this.#requests.push({ payload, request: read.request });
      this.#onChange();
    });
  }

  get isEmpty(): boolean {
    return this.#requests.length === 0;
  }

  /** The oldest request; null where there is none. */
  take(): BackfillRequest | null {
    return this.#requests.shift()?.request ?? null;
  }

  /** All requests as they came, for whoever is to be handed them. */
  takePayloads(): unknown[] {
    return this.#requests.splice(0).map(({ payload }) => payload);
  }
}
