/** Work that is done one after the other. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  async take<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const mine = (async () => {
      await before;
      return work();
    })();
    // Who comes next waits for the end, whatever it is.
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
