import type { Socket } from 'node:net';

/** From one turn to the next: a hundred a second, far more than probes and scrapes need. */
const turnMs = 10;

/** Gives who asks a turn, in order, and never too many of them: asking without end takes little from whatever else is done. */
export class RequestPacer {
  readonly #waiting: { readonly socket: Socket; readonly go: () => void }[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** Resolves when it is its turn; never where the connection has broken by then. */
  of(socket: Socket): Promise<void> {
    return new Promise((go) => {
      this.#waiting.push({ socket, go });
      if (this.#timer === null) this.#next();
    });
  }

  #next(): void {
    this.#timer = null;
    let next = this.#waiting.shift();
    while (next?.socket.destroyed) next = this.#waiting.shift();
    if (!next) return;
    next.go();
    this.#timer = setTimeout(() => this.#next(), turnMs);
  }
}
