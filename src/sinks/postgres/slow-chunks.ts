/** Chunks whose statements ran into the timeout, over the attempts of this worker: two timeouts fill one attempt's time. */
export class SlowChunks {
  readonly #timeouts = new Map<string, number>();

  /** Whether a chunk has timed out twice: its halves are written from then on. */
  isTooSlow(token: string): boolean {
    return (this.#timeouts.get(token) ?? 0) >= 2;
  }

  /** Notes a timeout; tells whether it is the second. */
  timedOut(token: string): boolean {
    this.#timeouts.set(token, (this.#timeouts.get(token) ?? 0) + 1);
    const [oldest] = this.#timeouts.keys();
    if (this.#timeouts.size > remembered && oldest !== undefined) this.#timeouts.delete(oldest);
    return this.isTooSlow(token);
  }
}

const remembered = 1_000;
