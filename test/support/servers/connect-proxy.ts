import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';

/** A proxy that makes tunnels. */
export interface ConnectProxy {
  /** With the name and the password that it wants. */
  readonly url: string;
  /** Where tunnels were made to. */
  readonly tunnels: readonly string[];
  close(): Promise<void>;
}

/** Starts a proxy that makes tunnels for those who name themselves, and answers 407 to all others. */
export async function startConnectProxy(): Promise<ConnectProxy> {
  const [user, password] = ['tunnel', 'secret-of-the-proxy'];
  const wanted = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const tunnels: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_, answer) => answer.writeHead(405).end());
  server.on('connect', ({ url = '', headers }, client: Socket) => {
    sockets.add(client);
    client.on('error', () => client.destroy());
    if (headers['proxy-authorization'] !== wanted) {
      return void client.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
    }
    tunnels.push(url);
    const [host, port] = url.split(':');
    const target = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      client.pipe(target).pipe(client);
    });
    target.on('error', () => client.destroy());
    client.on('close', () => target.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://${user}:${password}@127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    tunnels,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
