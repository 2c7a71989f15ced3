import type { Socket } from 'node:net';

/** The interval of slots: a hundred a second, far more than probes and scrapes need. */
const turnMs = 10;

/** Gives requests slots in order, at a limited rate: endless requests take little time from other work. */
export class RequestPacer {
  readonly #waiting: { readonly socket: Socket; readonly go: () => void }[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** Resolves at its slot; never if the connection is closed by then. */
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
