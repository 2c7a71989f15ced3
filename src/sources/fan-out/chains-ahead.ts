import type { Answer } from '../http/fetch-document.ts';
import type { Chain, Chains } from './chain.ts';

/** A chain with its first response, where that was requested already. */
export interface BegunChain {
  readonly chain: Chain;
  readonly first: Promise<Answer> | null;
}

/** The chains of a poll in order; the first pages of a few of them are requested at once. */
export class ChainsAhead {
  readonly #chains: Chains;
  readonly #concurrency: number;
  readonly #ask: (chain: Chain) => Promise<Answer>;
  readonly #queue: BegunChain[] = [];
  #isStopped = false;
  /** Whether there is no further chain. */
  isExhausted = false;

  /** @param ask requests the first page of a chain */
  constructor(chains: Chains, concurrency: number, ask: (chain: Chain) => Promise<Answer>) {
    this.#chains = chains;
    this.#concurrency = concurrency;
    this.#ask = ask;
  }

  /** Begins no further chain: only those that are begun are handed out. */
  stop(): void {
    this.#isStopped = true;
  }

  async next(): Promise<BegunChain | null> {
    while (!this.#isStopped && !this.isExhausted && this.#queue.length < this.#concurrency) {
      const chain = await this.#chains.next();
      if (chain === null && this.#chains.isPaused === true) this.#isStopped = true;
      else if (chain === null) this.isExhausted = true;
      else this.#queue.push({ chain, first: this.#concurrency === 1 ? null : this.#begin(chain) });
    }
    return this.#queue.shift() ?? null;
  }

  #begin(chain: Chain): Promise<Answer> {
    const asking = this.#ask(chain);
    // The failure of an abandoned request does not matter.
    asking.catch(() => undefined);
    return asking;
  }
}
