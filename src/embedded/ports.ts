import { createServer } from 'node:net';

/** Whether nobody listens on a loopback port. */
async function isPortFree(port: number): Promise<boolean> {
  return (await tryPort(port)) !== null;
}

/** The preferred port if it is free, else the first free one of the next ones, else any. */
export async function choosePort(preferred: number, taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let port = preferred; port < preferred + 20; port++) {
    if (!taken.has(port) && (await isPortFree(port))) return port;
  }
  return (await tryPort(0)) ?? preferred;
}

async function tryPort(port: number): Promise<number | null> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : null));
    });
  });
}
