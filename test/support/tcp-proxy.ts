import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy that can break connections the ways networks do. */
export interface TcpProxy {
  readonly port: number;
  /** Refuses and drops all connections. */
  down(): void;
  up(): void;
  /** Lets requests through that hold the text, but drops the connection before their answer arrives; `times` times. */
  loseAnswersTo(text: string, times: number): void;
  close(): Promise<void>;
}

export async function startTcpProxy(targetHost: string, targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isDown = false;
  let lost = { text: '', times: 0 };
  const server = createServer((client) => {
    if (isDown) return void client.destroy();
    const target = connect(targetPort, targetHost);
    let mute = false;
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        target.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => {
      if (lost.times > 0 && chunk.includes(lost.text)) {
        lost = { ...lost, times: lost.times - 1 };
        mute = true;
      }
      target.write(chunk);
    });
    target.on('data', (chunk: Buffer) => {
      // The server has answered, so it is done: nobody will hear of it.
      if (mute) client.destroy();
      else client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    down() {
      isDown = true;
      for (const socket of sockets) socket.destroy();
    },
    up() {
      isDown = false;
    },
    loseAnswersTo(text, times) {
      lost = { text, times };
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
