import { createSocket, type Socket } from 'node:dgram';
import { createServer } from 'node:net';
import type { PortName } from './stack-file.ts';

const loopback = '127.0.0.1';
/** How many ports from the preferred one on are tried before any free one is taken. */
const neighbours = 20;
const highestPort = 65_535;

/**
 * The TCP ports that a home means to use. Of two stacks that start at the same moment both find a port free, and later both would
 * use the server of the faster one. So a port is claimed first, by the UDP socket of the same number: the system gives it to
 * one process of the machine, and takes it back when that process ends, however it ends. The claim stays while a part is
 * down: no other stack takes its port meanwhile.
 */
export class PortClaims {
  readonly #held = new Map<PortName, Claim>();

  /**
   * A port on which no one listened a moment ago, and that no other stack means to use: the one that is claimed already under this
   * name, else the preferred one, else one of the next, else any. Another program may still be faster in taking it.
   */
  async claim(name: PortName, preferred: number, host = loopback): Promise<number> {
    const held = this.#held.get(name);
    if (held && (await freePort(held.port, host)) !== null) return held.port;
    this.#release(name);
    for (let port = preferred; port > 0 && port < Math.min(preferred + neighbours, highestPort + 1); port++) {
      if (await this.#take(name, port, host)) return port;
    }
    for (let tries = 0; tries < neighbours; tries++) {
      const port = await freePort(0, host);
      if (port !== null && (await this.#take(name, port, host))) return port;
    }
    return preferred;
  }

  releaseAll(): void {
    for (const name of this.#held.keys()) this.#release(name);
  }

  async #take(name: PortName, port: number, host: string): Promise<boolean> {
    const socket = await claimSocket(port);
    if (socket === 'taken') return false;
    if ((await freePort(port, host)) === null) {
      socket?.close();
      return false;
    }
    this.#held.set(name, { port, socket });
    return true;
  }

  #release(name: PortName): void {
    this.#held.get(name)?.socket?.close();
    this.#held.delete(name);
  }
}

interface Claim {
  readonly port: number;
  /** Null if the system gives no such socket: then only the look at the port protects it. */
  readonly socket: Socket | null;
}

async function claimSocket(port: number): Promise<Socket | null | 'taken'> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    socket.once('error', (error) => {
      socket.close();
      resolve((error as { code?: string }).code === 'EADDRINUSE' ? 'taken' : null);
    });
    socket.bind({ port, address: loopback, exclusive: true }, () => {
      socket.removeAllListeners('error').on('error', () => undefined);
      resolve(socket.unref());
    });
  });
}

/** The port if no one listens on it, any free one for 0; null if someone does. */
async function freePort(port: number, host: string): Promise<number | null> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(null));
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : null));
    });
  });
}
