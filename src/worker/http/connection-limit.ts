import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Connections at once. */
const most = 100;
/** For an answer to be made, in 6 s where a server is away, and to be taken. */
const answerMs = 20_000;

/**
 * Bounds the connections of a server, so that whoever holds many keeps nobody else out. Where one is too many, one goes that had
 * an answer and asks again; else that which has asked nothing for the longest time; else the new one. One whose answer is not
 * taken goes, too.
 */
export class ConnectionLimit {
  readonly #open = new Set<Socket>();
  /** Owed no answer, in the order in which they began to wait. */
  readonly #silent = new Set<Socket>();
  /** Owed an answer, and had one before. */
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

  /** Whether a request is to be answered: not where its connection is owed an answer already, which then goes. */
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
