import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy that can break connections the ways networks do. */
export interface TcpProxy {
  readonly port: number;
  /** Refuses and drops all connections. */
  down(): void;
  up(): void;
  /** Goes down instead of passing on a request, once `isDue`. */
  downOnce(isDue: () => boolean): void;
  /** Lets requests through that hold the text, but drops the connection before their answer arrives; `times` times. */
  loseAnswersTo(text: string, times: number): void;
  /** Keeps requests that hold the text, also where their client goes away meanwhile; `times` of them. */
  holdBack(text: string, times: number): HeldRequests;
  close(): Promise<void>;
}

/** Requests that are on their way. */
export interface HeldRequests {
  /** How many have come so far. */
  count(): number;
  /** Lets them arrive; resolves once the server has answered all of them. */
  release(): Promise<void>;
}

export async function startTcpProxy(targetHost: string, targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isDown = false;
  let lost = { text: '', times: 0 };
  let downIf: (() => boolean) | null = null;
  let hold = { text: '', times: 0, held: [] as (() => Promise<void>)[] };
  const goDown = () => {
    isDown = true;
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((client) => {
    if (isDown) return void client.destroy();
    const target = connect(targetPort, targetHost);
    let mute = false;
    /** What is held of this connection; null = nothing. */
    let held: Buffer[] | null = null;
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        if (held === null) target.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => {
      if (downIf?.() === true) {
        downIf = null;
        goDown();
        return;
      }
      if (held === null && hold.times > 0 && chunk.includes(hold.text)) {
        hold.times--;
        held = [];
        hold.held.push(async () => {
          const answered = new Promise((resolve) => target.once('data', resolve).once('close', resolve));
          target.write(Buffer.concat(held ?? []));
          held = null;
          await answered;
          if (client.destroyed) target.destroy();
        });
      }
      if (held !== null) return void held.push(chunk);
      if (lost.times > 0 && chunk.includes(lost.text)) {
        lost = { ...lost, times: lost.times - 1 };
        mute = true;
      }
      target.write(chunk);
    });
    target.on('data', (chunk: Buffer) => {
      // The server has answered, so it is done, but the client does not learn of it.
      if (mute) client.destroy();
      else client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    down: goDown,
    downOnce(isDue) {
      downIf = isDue;
    },
    up() {
      isDown = false;
    },
    loseAnswersTo(text, times) {
      lost = { text, times };
    },
    holdBack(text, times) {
      const holding = { text, times, held: [] as (() => Promise<void>)[] };
      hold = holding;
      return {
        count: () => holding.held.length,
        async release() {
          holding.times = 0;
          await Promise.all(holding.held.map(async (arrive) => arrive()));
        },
      };
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
