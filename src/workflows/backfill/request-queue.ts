import { log, setHandler } from '@temporalio/workflow';
import { readBackfillRequest, repeats, type BackfillRequest } from '../../domain/time/backfill-request.ts';
import { backfillSignal } from '../messages.ts';

/** Requests that arrived by the signal `backfill` and wait to be processed. The handler never throws. */
export class RequestQueue {
  #requests: { readonly payload: unknown; readonly request: BackfillRequest }[] = [];
  readonly #onChange: () => void;
  #unreadable: string | null = null;

  constructor(onChange: () => void = () => {}) {
    this.#onChange = onChange;
    setHandler(backfillSignal, (payload) => {
      const read = readBackfillRequest(payload);
      if (!read.ok) {
        this.#unreadable = read.why;
        log.warn('Backfill request could not be read, ignored', { error: read.why });
        return;
      }
      this.#requests.push({ payload, request: read.request });
      this.#onChange();
    });
  }

  get isEmpty(): boolean {
    return this.#requests.length === 0;
  }

  /** Why the latest request that could not be read was ignored; null if all could be. */
  get unreadable(): string | null {
    return this.#unreadable;
  }

  /** The oldest request; null if there is none. */
  take(): BackfillRequest | null {
    return this.#requests.shift()?.request ?? null;
  }

  /** Whether a request waits that {@link repeats} this one. */
  hasRepeated(request: BackfillRequest): boolean {
    return this.#requests.some((other) => repeats(request, other.request));
  }

  /** Drops those requests: each would cost an activity. */
  dropRepeated(request: BackfillRequest): void {
    this.#requests = this.#requests.filter((other) => !repeats(request, other.request));
  }

  /** All requests as received, to be handed over. */
  takePayloads(): unknown[] {
    return this.#requests.splice(0).map(({ payload }) => payload);
  }
}
