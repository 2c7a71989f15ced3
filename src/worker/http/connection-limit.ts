import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Connections at once. */
const most = 100;
/** Time for a response to be built (6 s if a server is unavailable) and read. */
const answerMs = 20_000;

/**
 * Limits the connections of a server, so that a client with many does not lock out others. Beyond the limit one is closed that had
 * a response and waits for another; else the one idle for the longest time; else the new one. A connection whose response is not
 * read is closed too.
 */
export class ConnectionLimit {
  readonly #open = new Set<Socket>();
  /** Without a pending response, in the order in which they became idle. */
  readonly #silent = new Set<Socket>();
  /** With a pending response, and an earlier one. */
  readonly #askingAgain = new Set<Socket>();
  readonly #answered = new WeakSet<Socket>();

  constructor(server: Server) {
    server.on('connection', (socket) => {
      const [victim = socket] = [...firstOf(this.#askingAgain), ...firstOf(this.#silent)];
      this.#open.add(socket);
      this.#silent.add(socket);
      socket.once('close', () => this.#drop(socket));
      if (this.#open.size > most) this.#drop(victim);
    });
  }

  /** Whether a request is to be answered: not if its connection already has a pending response; that connection is closed. */
  admits(socket: Socket, response: ServerResponse): boolean {
    if (!this.#silent.delete(socket)) {
      this.#drop(socket);
      return false;
    }
    if (this.#answered.has(socket)) this.#askingAgain.add(socket);
    const late = setTimeout(() => this.#drop(socket), answerMs);
    response.once('close', () => {
      clearTimeout(late);
      this.#answered.add(socket);
      this.#askingAgain.delete(socket);
      if (this.#open.has(socket)) this.#silent.add(socket);
    });
    return true;
  }

  #drop(socket: Socket): void {
    for (const sockets of [this.#open, this.#silent, this.#askingAgain]) sockets.delete(socket);
    socket.destroy();
  }
}

function firstOf(sockets: ReadonlySet<Socket>): readonly Socket[] {
  for (const socket of sockets) return [socket];
  return [];
}
