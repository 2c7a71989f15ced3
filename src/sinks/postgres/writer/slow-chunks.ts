/** What keeps failing over the attempts of this worker: chunks whose statements run into the timeout, errors that come back. */
export class SlowChunks {
  readonly #counts = new Map<string, number>();

  /** Whether a chunk has timed out twice: its halves are written from then on. Two timeouts fill one attempt's time. */
  isTooSlow(token: string): boolean {
    return (this.#counts.get(token) ?? 0) >= 2;
  }

  /** Notes a timeout; tells whether it is the second. */
  timedOut(token: string): boolean {
    this.#note(token);
    return this.isTooSlow(token);
  }

  /** Notes that an attempt met an error; tells how many have. */
  cameBack(error: string): number {
    return this.#note(error);
  }

  #note(what: string): number {
    const count = (this.#counts.get(what) ?? 0) + 1;
    this.#counts.set(what, count);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > remembered && oldest !== undefined) this.#counts.delete(oldest);
    return count;
  }
}

const remembered = 1_000;
