import { createServer } from 'node:net';

/**
 * Below the ports that the system gives to those who ask for any (Linux: 32768 to 60999). It would give one of those to
 * another process, or to a connection that is opened, before the server that it is meant for listens there.
 */
const lowest = 12_000;
const count = 20_000;
const given = new Set<number>();

/** A loopback port on which no one listens, and that the system gives to no one else. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * count);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
